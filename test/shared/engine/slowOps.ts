/** Float64 twins of the custom operations, one number at a time, written from the formulas in shared/agent/parameters.ts. */
import { slowErf } from '../../contract/slowNetwork.js';

export type Rows = readonly (readonly number[])[];

/** Cuts a flat array into rows of `width`. */
export function rowsOf(values: ArrayLike<number>, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, r) => Array.from({ length: width }, (_, c) => values[r * width + c] as number));
}

export const slowGelu = (x: number): number => 0.5 * x * (1 + slowErf(x / Math.SQRT2));

export function slowLayerNorm(x: Rows, scale: ArrayLike<number>, bias: ArrayLike<number>, epsilon: number): number[][] {
  return x.map((row) => {
    const mean = row.reduce((a, b) => a + b, 0) / row.length;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / row.length;
    return row.map((v, c) => ((v - mean) / Math.sqrt(variance + epsilon)) * (scale[c] as number) + (bias[c] as number));
  });
}

/** x [R][in] times kernel [in, out], flat, plus bias. */
export function slowDense(x: Rows, kernel: ArrayLike<number>, bias: ArrayLike<number>): number[][] {
  return x.map((row) => Array.from({ length: bias.length }, (_, o) => row.reduce((sum, v, i) => sum + v * (kernel[i * bias.length + o] as number), bias[o] as number)));
}

/** qkv [B T][3D] to [B T][D]; counts[b] + 1 keys of state b are valid. */
export function slowAttention(qkv: Rows, counts: ArrayLike<number>, tokens: number, heads: number): number[][] {
  const D = (qkv[0]?.length ?? 0) / 3;
  const C = D / heads;
  return qkv.map((mine, r) => {
    const state = Math.floor(r / tokens);
    const keys = qkv.slice(state * tokens, state * tokens + 1 + (counts[state] as number));
    const mixed = new Array<number>(D).fill(0);
    for (let head = 0; head < heads; head++) {
      const scores = keys.map((key) => {
        let dot = 0;
        for (let c = head * C; c < (head + 1) * C; c++) dot += (mine[c] as number) * (key[D + c] as number);
        return dot / Math.sqrt(C);
      });
      const top = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - top));
      const total = weights.reduce((a, b) => a + b, 0);
      for (let c = head * C; c < (head + 1) * C; c++) mixed[c] = keys.reduce((sum, key, k) => sum + ((weights[k] as number) / total) * (key[2 * D + c] as number), 0);
    }
    return mixed;
  });
}

type Flat = ArrayLike<number>;

/** A layer's twelve parameters in order, flat. */
export type SlowLayer = readonly [Flat, Flat, Flat, Flat, Flat, Flat, Flat, Flat, Flat, Flat, Flat, Flat];

export function slowEncoderLayer(x: Rows, counts: ArrayLike<number>, layer: SlowLayer, tokens: number, heads: number, epsilon: number): number[][] {
  const [scale1, bias1, qkvKernel, qkvBias, outputKernel, outputBias, scale2, bias2, hiddenKernel, hiddenBias, finalKernel, finalBias] = layer;
  const sum = (a: Rows, b: Rows): number[][] => a.map((row, r) => row.map((v, c) => v + (b[r]?.[c] as number)));
  const qkv = slowDense(slowLayerNorm(x, scale1, bias1, epsilon), qkvKernel, qkvBias);
  const attended = sum(x, slowDense(slowAttention(qkv, counts, tokens, heads), outputKernel, outputBias));
  const hidden = slowDense(slowLayerNorm(attended, scale2, bias2, epsilon), hiddenKernel, hiddenBias).map((row) => row.map(slowGelu));
  return sum(attended, slowDense(hidden, finalKernel, finalBias));
}

/** ids [R K] by kernel [F, D]: [R][D]. */
export function slowTokenSum(ids: ArrayLike<number>, K: number, kernel: ArrayLike<number>, D: number): number[][] {
  const F = kernel.length / D;
  return rowsOf(ids, K).map((row) => Array.from({ length: D }, (_, c) => row.reduce((sum, id) => (id === F ? sum : sum + (kernel[id * D + c] as number)), 0)));
}

/**
 * d/dx of sum(cotangent * f(inputs)) at `places` of input `which`, by central differences in float64.
 * @param f gives the result's values, flat
 */
export function slowGradient(f: (inputs: readonly Float64Array[]) => ArrayLike<number>, inputs: readonly Float64Array[], cotangent: ArrayLike<number>, which: number, places: readonly number[]): number[] {
  const at = (values: Float64Array): number => {
    const result = f(inputs.map((input, i) => (i === which ? values : input)));
    return Array.from(result).reduce((sum, v, i) => sum + v * (cotangent[i] as number), 0);
  };
  return places.map((place) => {
    const original = inputs[which] as Float64Array;
    const step = 1e-5 * Math.max(1, Math.abs(original[place] as number));
    const moved = (by: number): Float64Array => original.map((v, i) => (i === place ? v + by : v));
    return (at(moved(step)) - at(moved(-step))) / (2 * step);
  });
}
