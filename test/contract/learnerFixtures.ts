/** @file Small networks, weights and batches for the learner engine's contract, all from seeds. */
import type { LearnerOptions } from '../../shared/agent/engineOptions.js';
import { initialWeights } from '../../shared/agent/parameters.js';
import type { InferenceEngine, LearnerBatch, LearnerEngine, NamedArray, NetworkSpec, WeightSnapshot } from '../../shared/agent/types.js';
import type { TokenBatch } from '../../shared/mdp/types.js';
import { Rng } from '../../shared/rng.js';

/** One engine route under test. */
export interface EngineRouteUnderTest {
  readonly name: string;
  learner(options: LearnerOptions): Promise<LearnerEngine>;
  inference(options: LearnerOptions): Promise<InferenceEngine>;
  /** Tensors (and whatever else must be freed) alive now; absent where the route cannot count them. */
  readonly liveTensors?: () => Promise<number>;
}

/** Two layers, two heads; four neighbours of three features out of seven. */
export const tinySpec: NetworkSpec = {
  neighbours: 4,
  activeFeatures: 3,
  featureRows: 7,
  width: 8,
  layers: 2,
  heads: 2,
  feedForwardWidth: 16,
  positionalEncoding: 'role',
  dueling: true,
};

/** Every way the network can be built that changes its formula. */
export const specVariants: readonly (readonly [string, NetworkSpec])[] = [
  ['role, dueling', tinySpec],
  ['learned, dueling', { ...tinySpec, positionalEncoding: 'learned' }],
  ['sinusoidal, dueling', { ...tinySpec, positionalEncoding: 'sinusoidal' }],
  ['role, not dueling', { ...tinySpec, dueling: false }],
  ['one layer, one head, feed-forward 12', { ...tinySpec, layers: 1, heads: 1, feedForwardWidth: 12 }],
  ['four heads of width 2', { ...tinySpec, heads: 4 }],
];

/** Small enough for a thousand steps, or for finite differences of every parameter, in a second. */
export const tiniestSpec: NetworkSpec = { ...tinySpec, width: 4, layers: 1, feedForwardWidth: 6 };

export const BATCH = 5;

export function tinyOptions(overrides: Partial<LearnerOptions> = {}): LearnerOptions {
  return {
    spec: tinySpec,
    seed: 11,
    precision: 'f32',
    batchSize: BATCH,
    threads: 1,
    device: 'cpu',
    optimizer: { kind: 'adam', learningRate: 1e-2, gradientClipNorm: 1e6 },
    ...overrides,
  };
}

/** Weights with no zeros and no ones left in them, so that every bias and scale matters. */
export function roughWeights(spec: NetworkSpec, seed: number): WeightSnapshot {
  const rng = new Rng(seed);
  return initialWeights(spec, seed).map((array) => ({ ...array, values: array.values.map((v) => v + 0.3 * rng.normal()) }));
}

/** A state batch with the given numbers of valid neighbours; some valid tokens have a feature twice or a "none". */
export function randomTokens(spec: NetworkSpec, counts: readonly number[], seed: number): TokenBatch {
  const { neighbours: N, activeFeatures: K, featureRows: F } = spec;
  const rng = new Rng(seed);
  const ids = new Uint16Array(counts.length * (1 + N) * K).fill(F);
  counts.forEach((count, b) => {
    const start = b * (1 + N) * K;
    for (let i = 0; i < (1 + count) * K; i++) ids[start + i] = rng.int(F + 1);
  });
  return { batch: counts.length, ids, counts: Int32Array.from(counts) };
}

/** Row 2's next state has no valid neighbour (a true end); row 4's state has one only. Returns are spread past the Huber bend. */
export function randomBatch(spec: NetworkSpec, seed: number): LearnerBatch {
  const rng = new Rng(seed).split('batch');
  const N = spec.neighbours;
  const stateCounts = [N, N - 1, N, 2, 1];
  return {
    state: randomTokens(spec, stateCounts, seed + 1),
    next: randomTokens(spec, [N, 1, 0, N - 1, N], seed + 2),
    actions: Int32Array.from(stateCounts, (count) => rng.int(count)),
    nStepReturns: Float32Array.from(stateCounts, () => 2 * rng.normal()),
    discounts: Float32Array.of(0.9, 0.81, 0, 0.729, 0.9),
    importanceWeights: Float32Array.of(1, 0.25, 0.5, 0.9, 0.7),
  };
}

/** Values of the named arrays end to end. */
export function allValues(arrays: readonly NamedArray[]): Float32Array {
  return Float32Array.from(arrays.flatMap(({ values }) => [...values]));
}

/** Largest |a - b| over all places, NaN if any is; lengths must agree. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`lengths differ: ${a.length} and ${b.length}`);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] as number) - (b[i] as number))); // NaN stays
  return largest;
}

/** The valid slots of Q-values [B, N], end to end. */
export function validValues(q: ArrayLike<number>, { counts }: TokenBatch, neighbours: number): number[] {
  return Array.from(counts, (count, b) => Array.from({ length: count }, (_, i) => q[b * neighbours + i] as number)).flat();
}
