/**
 * @file A slow twin of the whole network and its loss in float64, one state, one token, one number at a time, written from the
 * formulas in shared/agent/parameters.ts with no code of the engines'. The contract tests hold every route to it.
 */
import { doubleQTdErrors, weightedHuberLoss } from '../../shared/agent/loss.js';
import type { LearnerBatch, NetworkSpec, WeightSnapshot } from '../../shared/agent/types.js';
import type { TokenBatch } from '../../shared/mdp/types.js';

/** Parameters by name, float64, row-major. */
export type SlowWeights = ReadonlyMap<string, Float64Array>;

export function slowWeights(weights: WeightSnapshot): Map<string, Float64Array> {
  return new Map(weights.map(({ name, values }) => [name, Float64Array.from(values)]));
}

/** erf(x) = 2/sqrt(pi) e^(-x^2) (x + 2 x^3/3 + 4 x^5/15 + ...): every term has the sign of x, so nothing cancels. */
export function slowErf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const gelu = (x: number) => 0.5 * x * (1 + slowErf(x / Math.SQRT2));

class SlowNetwork {
  constructor(
    readonly spec: NetworkSpec,
    readonly weights: SlowWeights,
  ) {}

  parameter(name: string): Float64Array {
    const values = this.weights.get(name);
    if (values === undefined) throw new Error(`no parameter ${name}`);
    return values;
  }

  /** x [in] times kernel [in, out] plus bias [out], where there is one. */
  dense(x: readonly number[], name: string): number[] {
    const kernel = this.parameter(`${name}.kernel`);
    const bias = this.weights.get(`${name}.bias`);
    const width = kernel.length / x.length;
    const out = new Array<number>(width);
    for (let o = 0; o < width; o++) {
      let sum = bias?.[o] ?? 0;
      for (let i = 0; i < x.length; i++) sum += (x[i] as number) * (kernel[i * width + o] as number);
      out[o] = sum;
    }
    return out;
  }

  norm(x: readonly number[], name: string): number[] {
    const mean = x.reduce((a, b) => a + b, 0) / x.length;
    const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length;
    const [scale, bias] = [this.parameter(`${name}.scale`), this.parameter(`${name}.bias`)];
    return x.map((v, i) => ((v - mean) / Math.sqrt(variance + 1e-5)) * (scale[i] as number) + (bias[i] as number));
  }

  position(t: number): number[] {
    const D = this.spec.width;
    const rowOf = (name: string, row: number) => [...this.parameter(name).subarray(row * D, (row + 1) * D)];
    if (this.spec.positionalEncoding === 'role') return rowOf('position.role', t === 0 ? 0 : 1);
    if (this.spec.positionalEncoding === 'learned') return rowOf('position.learned', t);
    return Array.from({ length: D }, (_, c) => {
      const angle = t / 10_000 ** ((c - (c % 2)) / D);
      return c % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    });
  }

  /** The sum of a token's kernel rows, with bias and position. */
  embed(ids: readonly number[], t: number): number[] {
    const { width: D, featureRows: F } = this.spec;
    const kernel = this.parameter('token.kernel');
    const bias = this.parameter('token.bias');
    return this.position(t).map((position, c) => {
      let sum = position + (bias[c] as number);
      for (const id of ids) if (id !== F) sum += kernel[id * D + c] as number;
      return sum;
    });
  }

  /** Attention's mix of values for each token, over the first `valid` tokens only. qkv [T][3D] to [T][D]. */
  attend(qkv: readonly number[][], valid: number): number[][] {
    const { width: D, heads: H } = this.spec;
    const size = D / H;
    return qkv.map((mine) =>
      Array.from({ length: D }, (_, c) => {
        const first = Math.floor(c / size) * size;
        const scores = qkv.slice(0, valid).map((other) => {
          let dot = 0;
          for (let i = first; i < first + size; i++) dot += (mine[i] as number) * (other[D + i] as number);
          return dot / Math.sqrt(size);
        });
        const top = Math.max(...scores);
        const total = scores.reduce((sum, s) => sum + Math.exp(s - top), 0);
        return scores.reduce((sum, s, j) => sum + (Math.exp(s - top) / total) * (qkv[j]?.[2 * D + c] as number), 0);
      }),
    );
  }

  /** Encoded tokens [T][D] of one state given its ids [T][K]. */
  encode(tokens: readonly (readonly number[])[], count: number): number[][] {
    let h = tokens.map((ids, t) => this.embed(ids, t));
    const add = (a: readonly number[][], b: readonly number[][]) => a.map((row, t) => row.map((v, c) => v + (b[t]?.[c] as number)));
    for (let i = 0; i < this.spec.layers; i++) {
      const layer = `layers.${i}`;
      const qkv = h.map((x) => this.dense(this.norm(x, `${layer}.attention.norm`), `${layer}.attention.qkv`));
      h = add(h, this.attend(qkv, 1 + count).map((x) => this.dense(x, `${layer}.attention.output`)));
      const hidden = h.map((x) => this.dense(this.norm(x, `${layer}.feedForward.norm`), `${layer}.feedForward.hidden`).map(gelu));
      h = add(h, hidden.map((x) => this.dense(x, `${layer}.feedForward.output`)));
    }
    return h.map((x) => this.norm(x, 'final.norm'));
  }

  q(tokens: readonly (readonly number[])[], count: number): number[] {
    const y = this.encode(tokens, count);
    const advantages = y.slice(1).map((x) => this.dense(x, 'heads.advantage')[0] as number);
    if (!this.spec.dueling) return advantages;
    const value = this.dense(y[0] as number[], 'heads.value')[0] as number;
    const mean = advantages.slice(0, count).reduce((a, b) => a + b, 0) / Math.max(count, 1);
    return advantages.map((a) => value + a - mean);
  }
}

/** ids [T][K] of row b. */
function tokensOf({ ids }: TokenBatch, spec: NetworkSpec, b: number): number[][] {
  const [T, K] = [1 + spec.neighbours, spec.activeFeatures];
  return Array.from({ length: T }, (_, t) => [...ids.subarray((b * T + t) * K, (b * T + t + 1) * K)]);
}

/** Q-values float64 [B, N]. */
export function slowQ(spec: NetworkSpec, weights: SlowWeights, tokens: TokenBatch): Float64Array {
  const network = new SlowNetwork(spec, weights);
  return Float64Array.from(Array.from(tokens.counts, (count, b) => network.q(tokensOf(tokens, spec, b), count)).flat());
}

/** Current architecture's token of each state, [B][D] each: projected (with bias and position) and encoded (after the final norm). */
export function slowCurrentTokens(spec: NetworkSpec, weights: SlowWeights, tokens: TokenBatch): { projected: number[][]; encoded: number[][] } {
  const network = new SlowNetwork(spec, weights);
  const rows = Array.from(tokens.counts, (count, b) => ({ ids: tokensOf(tokens, spec, b), count }));
  return {
    projected: rows.map(({ ids }) => network.embed(ids[0] as number[], 0)),
    encoded: rows.map(({ ids, count }) => network.encode(ids, count)[0] as number[]),
  };
}

/** Q(s, a), float64 [B]. */
export function slowQTaken(spec: NetworkSpec, weights: SlowWeights, { state, actions }: LearnerBatch): Float64Array {
  const q = slowQ(spec, weights, state);
  return Float64Array.from(actions, (action, b) => q[b * spec.neighbours + action] as number);
}

/** TD errors of a batch, float64 [B]. */
export function slowTdErrors(spec: NetworkSpec, online: SlowWeights, target: SlowWeights, batch: LearnerBatch): Float64Array {
  return doubleQTdErrors({
    qTaken: slowQTaken(spec, online, batch),
    qNext: slowQ(spec, online, batch.next),
    qNextTarget: slowQ(spec, target, batch.next),
    nextCounts: batch.next.counts,
    nStepReturns: batch.nStepReturns,
    discounts: batch.discounts,
  });
}

/**
 * The loss's gradient by central differences in float64, by parameter name: the bootstrapped targets are held still, as they are in
 * the engines, where no gradient flows through Q(s', .).
 */
export function slowGradient(spec: NetworkSpec, online: SlowWeights, target: SlowWeights, batch: LearnerBatch, huberDelta: number): Map<string, Float64Array> {
  const moving = new Map([...online].map(([name, values]) => [name, values.slice()]));
  const before = slowQTaken(spec, online, batch);
  const targets = slowTdErrors(spec, online, target, batch).map((error, b) => error + (before[b] as number));
  const loss = () => weightedHuberLoss(slowQTaken(spec, moving, batch).map((q, b) => (targets[b] as number) - q), batch.importanceWeights, huberDelta);
  const step = 1e-5;
  return new Map(
    [...moving].map(([name, values]) => {
      const gradient = values.map((value, i) => {
        values[i] = value + step;
        const above = loss();
        values[i] = value - step;
        const below = loss();
        values[i] = value;
        return (above - below) / (2 * step);
      });
      return [name, gradient];
    }),
  );
}
