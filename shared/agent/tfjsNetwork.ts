/**
 * @file The Q-network composed of tfjs operations: the readable reference that the compiled graph is held to. What it computes
 * stands in parameters.ts.
 *
 * Ownership: functions here return tensors for the caller to dispose and are meant to run inside `tf.tidy`.
 * Dimensions: B batch, N neighbours, T = 1 + N tokens, K ids a token, F feature rows, D width, H heads, P parameters in all.
 */
import { InvariantError } from '../errors.js';
import type { Tensorflow } from '../engine/tensorflow.js';
import type { TokenBatch } from '../mdp/types.js';
import { parameterShapes, sinusoidalPositions } from './parameters.js';
import { attention, gelu, layerNorm, type Tensor } from './tfjsOps.js';
import type { NetworkSpec } from './types.js';

export type { Tensor };
export type Tensor1D = ReturnType<Tensorflow['tensor1d']>;
export type Tensor2D = ReturnType<Tensorflow['tensor2d']>;

/** Added to the scores of masked tokens: their softmax weight underflows to exactly 0. */
const MASKED_SCORE = -1e9;

/** A token batch on the device. Owned by the caller. */
export interface NetworkInput {
  readonly batch: number;
  /** f32 [B T, F]: how often each feature occurs in a token. */
  readonly features: Tensor2D;
  /** f32 [B, 1, 1, T]: 0 at valid tokens, MASKED_SCORE at masked ones; null where no token is masked. */
  readonly keyBias: Tensor | null;
  /** f32 [B, N]: 1 at valid neighbours, else 0. */
  readonly valid: Tensor2D;
}

/**
 * Moves a checked token batch to the device. Counting features into a dense matrix and multiplying it was measured faster than
 * gathering K rows a token and summing them (docs/benchmarks/engine-tfjs.md).
 * @throws InvariantError if an id is above F
 */
export function networkInput(tf: Tensorflow, spec: NetworkSpec, { batch, ids, counts }: TokenBatch): NetworkInput {
  const { neighbours: N, activeFeatures: K, featureRows: F } = spec;
  const features = new Float32Array(batch * (1 + N) * F);
  for (let i = 0, row = 0; i < ids.length; row += F) {
    for (const end = i + K; i < end; i++) {
      const id = ids[i] as number;
      if (id < F) (features[row + id] as number) += 1;
      else if (id > F) throw new InvariantError(`feature ids must be in 0..${F}, got ${id}`);
    }
  }
  const valid = new Float32Array(batch * N);
  const keyBias = new Float32Array(batch * (1 + N));
  let masked = false;
  for (let b = 0; b < batch; b++) {
    const count = counts[b] as number;
    valid.fill(1, b * N, b * N + count);
    keyBias.fill(MASKED_SCORE, b * (1 + N) + 1 + count, (b + 1) * (1 + N));
    masked ||= count < N;
  }
  return {
    batch,
    features: tf.tensor2d(features, [batch * (1 + N), F]),
    keyBias: masked ? tf.tensor4d(keyBias, [batch, 1, 1, 1 + N]) : null,
    valid: tf.tensor2d(valid, [batch, N]),
  };
}

/** All parameters of a network as one vector, and cut into the named pieces that a pass uses. Owned by whoever made it. */
export interface TfjsWeights {
  /** f32 [P] */
  readonly flat: Tensor1D;
  /** In parameterShapes order. */
  readonly pieces: Readonly<Record<string, Tensor>>;
}

/** Cuts `flat` f32 [P] into pieces; the result owns both. */
export function splitWeights(tf: Tensorflow, spec: NetworkSpec, flat: Tensor1D): TfjsWeights {
  const shapes = parameterShapes(spec);
  const pieces = tf.tidy(() => {
    const flatPieces = tf.split(flat, shapes.map(({ size }) => size));
    return Object.fromEntries(shapes.map(({ name, shape }, i) => [name, tf.reshape(flatPieces[i] as Tensor, [...shape])]));
  });
  return { flat, pieces };
}

export function disposeWeights({ flat, pieces }: TfjsWeights): void {
  flat.dispose();
  for (const piece of Object.values(pieces)) piece.dispose();
}

type Parameters = (name: string) => Tensor;

function byName({ pieces }: TfjsWeights): Parameters {
  return (name) => {
    const tensor = pieces[name];
    if (tensor === undefined) throw new InvariantError(`a parameter named in parameters.ts is required, got "${name}"`);
    return tensor;
  };
}

/** x f32 [R, D] normalised over D. */
function norm(tf: Tensorflow, x: Tensor, parameters: Parameters, name: string): Tensor {
  return layerNorm(tf, x, parameters(`${name}.scale`), parameters(`${name}.bias`));
}

/** x f32 [R, in] to [R, out]. */
function dense(tf: Tensorflow, x: Tensor, parameters: Parameters, name: string): Tensor {
  return tf.add(tf.matMul(x, parameters(`${name}.kernel`)), parameters(`${name}.bias`));
}

/** f32 [T, D] of the `learned` and `sinusoidal` encodings, or of `role`: row 0 for the current architecture, row 1 for all others. */
function positions(tf: Tensorflow, spec: NetworkSpec, parameters: Parameters): Tensor {
  const { neighbours: N, width: D } = spec;
  switch (spec.positionalEncoding) {
    case 'role': {
      const [current, neighbour] = tf.split(parameters('position.role'), 2) as [Tensor, Tensor];
      return tf.concat([current, tf.tile(neighbour, [N, 1])]);
    }
    case 'learned':
      return parameters('position.learned');
    case 'sinusoidal':
      return tf.tensor2d(sinusoidalPositions(1 + N, D), [1 + N, D]);
    default:
      throw new InvariantError(`positionalEncoding must be role, learned or sinusoidal, got ${String(spec.positionalEncoding satisfies never)}`);
  }
}

/** The tokens after projection and position, before the first layer: f32 [B T, D]. */
function embed(tf: Tensorflow, spec: NetworkSpec, input: NetworkInput, parameters: Parameters): Tensor {
  const { width: D } = spec;
  const T = 1 + spec.neighbours;
  const tokens = tf.reshape(tf.matMul(input.features, parameters('token.kernel')), [input.batch, T, D]);
  return tf.reshape(tf.add(tokens, tf.add(positions(tf, spec, parameters), parameters('token.bias'))), [input.batch * T, D]);
}

/** The encoded tokens y, after the final norm: f32 [B T, D]. */
function encode(tf: Tensorflow, spec: NetworkSpec, parameters: Parameters, input: NetworkInput): Tensor {
  const { neighbours: N, width: D, heads: H } = spec;
  const T = 1 + N;
  let h = embed(tf, spec, input, parameters);
  for (let i = 0; i < spec.layers; i++) {
    const layer = `layers.${i}`;
    const qkv = dense(tf, norm(tf, h, parameters, `${layer}.attention.norm`), parameters, `${layer}.attention.qkv`);
    const mixed = tf.reshape(attention(tf, tf.reshape(qkv, [input.batch, T, 3, H, D / H]), input.keyBias), [input.batch * T, D]);
    h = tf.add(h, dense(tf, mixed, parameters, `${layer}.attention.output`));
    const hidden = gelu(tf, dense(tf, norm(tf, h, parameters, `${layer}.feedForward.norm`), parameters, `${layer}.feedForward.hidden`));
    h = tf.add(h, dense(tf, hidden, parameters, `${layer}.feedForward.output`));
  }
  return norm(tf, h, parameters, 'final.norm');
}

/** Q-values f32 [B, N]; masked slots hold meaningless finite numbers. */
export function qValues(tf: Tensorflow, spec: NetworkSpec, weights: TfjsWeights, input: NetworkInput): Tensor2D {
  const { neighbours: N, width: D } = spec;
  const B = input.batch;
  const parameters = byName(weights);
  const y = encode(tf, spec, parameters, input);
  const scores = tf.reshape(tf.matMul(y, parameters('heads.advantage.kernel')), [B, 1 + N]);
  const advantages = tf.slice(scores, [0, 1], [B, N]);
  if (!spec.dueling) return tf.add(advantages, parameters('heads.advantage.bias'));
  const current = tf.reshape(tf.slice(tf.reshape(y, [B, 1 + N, D]), [0, 0, 0], [B, 1, D]), [B, D]);
  const value = tf.add(tf.matMul(current, parameters('heads.value.kernel')), parameters('heads.value.bias'));
  const validCounts = tf.maximum(tf.sum(input.valid, 1, true), 1);
  const mean = tf.div(tf.sum(tf.mul(advantages, input.valid), 1, true), validCounts);
  return tf.add(advantages, tf.sub(value, mean));
}

/**
 * The current architecture's token of each state: as projected (with bias and position) and as encoded (after the final norm).
 * @returns f32 [B, D] each
 */
export function currentTokens(tf: Tensorflow, spec: NetworkSpec, weights: TfjsWeights, input: NetworkInput): { projected: Tensor2D; encoded: Tensor2D } {
  const T = 1 + spec.neighbours;
  const parameters = byName(weights);
  const first = (rows: Tensor): Tensor2D =>
    tf.reshape(tf.slice(tf.reshape(rows, [input.batch, T, spec.width]), [0, 0, 0], [input.batch, 1, spec.width]), [input.batch, spec.width]);
  return { projected: first(embed(tf, spec, input, parameters)), encoded: first(encode(tf, spec, parameters, input)) };
}
