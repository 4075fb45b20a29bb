/**
 * @file The three pieces of the network whose gradients tfjs would compose of many passes over memory: layer norm, GELU and attention,
 * each with its gradient written out (measured: docs/benchmarks/engine-tfjs.md). The contract holds them to finite differences.
 *
 * Ownership: results belong to the caller's `tf.tidy`. Dimensions: B batch, T tokens, D width, H heads, S = D/H, R rows.
 */
import type { Tensorflow } from '../engine/tensorflow.js';
import { NORM_EPSILON } from './parameters.js';

export type Tensor = ReturnType<Tensorflow['tensor']>;

type Save = (tensors: Tensor[]) => void;

/**
 * y = n * scale + bias with n = (x - mean) / sqrt(variance + epsilon) over D.
 * Gradient: dx = (g - mean(g) - n mean(g n)) / sqrt(variance + epsilon) with g = dy * scale.
 * @param x f32 [R, D]; scale, bias f32 [D]
 */
export function layerNorm(tf: Tensorflow, x: Tensor, scale: Tensor, bias: Tensor): Tensor {
  const forward = (...inputs: (Tensor | Save)[]) => {
    const [x, scale, bias, save] = inputs as [Tensor, Tensor, Tensor, Save];
    const centred = tf.sub(x, tf.mean(x, 1, true));
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), NORM_EPSILON));
    const normal = tf.mul(centred, inverse);
    save([normal, inverse, scale]);
    return {
      value: tf.add(tf.mul(normal, scale), bias),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [normal, inverse, scale] = saved as [Tensor, Tensor, Tensor];
        const dyNormal = tf.mul(dy, normal);
        const g = tf.mul(dy, scale);
        const along = tf.mul(normal, tf.mean(tf.mul(dyNormal, scale), 1, true));
        const dx = tf.mul(tf.sub(tf.sub(g, tf.mean(g, 1, true)), along), inverse);
        return [dx, tf.sum(dyNormal, 0), tf.sum(dy, 0)];
      },
    };
  };
  return tf.customGrad(forward)(x, scale, bias);
}

/** x Phi(x) elementwise, Phi the normal distribution function (the exact GELU). Gradient: Phi(x) + x phi(x), phi its density. */
export function gelu(tf: Tensorflow, x: Tensor): Tensor {
  const forward = (...inputs: (Tensor | Save)[]) => {
    const [x, save] = inputs as [Tensor, Save];
    const phi = tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
    save([x, phi]);
    return {
      value: tf.mul(x, phi),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [x, phi] = saved as [Tensor, Tensor];
        const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return tf.mul(dy, tf.add(phi, tf.mul(x, density)));
      },
    };
  };
  return tf.customGrad(forward)(x);
}

/**
 * Multi-head self-attention: softmax(q k' / sqrt(S) + keyBias) v for each head.
 * Gradient: with P the softmax and O the output, dV = P' dO; dP = dO V'; dScores = P * (dP - rows of sum(dO * O)).
 * @param qkv f32 [B, T, 3, H, S]; keyBias f32 [B, 1, 1, T] or null for none
 * @returns f32 [B, T, H, S]
 */
export function attention(tf: Tensorflow, qkv: Tensor, keyBias: Tensor | null): Tensor {
  const rate = 1 / Math.sqrt(qkv.shape[4] as number);
  const forward = (...inputs: (Tensor | Save)[]) => {
    const [qkv, save] = inputs as [Tensor, Save];
    const [q, k, v] = tf.unstack(tf.transpose(qkv, [2, 0, 3, 1, 4])) as [Tensor, Tensor, Tensor]; // [B, H, T, S] each
    const scaled = tf.mul(q, rate);
    const scores = tf.matMul(scaled, k, false, true);
    const weights = tf.softmax(keyBias === null ? scores : tf.add(scores, keyBias));
    const out = tf.matMul(weights, v);
    save([scaled, k, v, weights, out]);
    return { value: tf.transpose(out, [0, 2, 1, 3]), gradFunc };
  };
  const gradFunc = (dy: Tensor, saved: Tensor[]) => {
    const [scaled, k, v, weights, out] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const dOut = tf.transpose(dy, [0, 2, 1, 3]);
    const dScores = tf.mul(weights, tf.sub(tf.matMul(dOut, v, false, true), tf.sum(tf.mul(dOut, out), 3, true)));
    const dQuery = tf.transpose(tf.mul(tf.matMul(dScores, k), rate), [0, 2, 1, 3]);
    // As dO' P, not P' dO: TensorFlow takes a third of the time where the transposed operand is the small one.
    const dKey = tf.transpose(tf.matMul(scaled, dScores, true, false), [0, 3, 1, 2]);
    const dValue = tf.transpose(tf.matMul(dOut, weights, true, false), [0, 3, 1, 2]);
    return tf.stack([dQuery, dKey, dValue], 2);
  };
  return tf.customGrad(forward)(qkv);
}
