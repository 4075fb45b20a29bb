/** @file The sizes the engine is measured at, and a batch for each: ids and returns at random, every neighbour slot filled. */
import { initialWeights } from '../../shared/agent/parameters.js';
import type { LearnerBatch, NetworkSpec, WeightSnapshot } from '../../shared/agent/types.js';
import type { TokenBatch } from '../../shared/mdp/types.js';
import { Rng } from '../../shared/rng.js';

export interface EngineCase {
  /** Part of the figures' names. */
  readonly name: 'nb101' | 'nb301' | 'small';
  readonly spec: NetworkSpec;
  readonly batchSize: number;
  /** Batches of the inference figures. */
  readonly inferenceSizes: readonly number[];
}

const network = { positionalEncoding: 'role', dueling: true, layers: 4, heads: 8 } as const;

export const ENGINE_CASES: readonly EngineCase[] = [
  // Preset small on NAS-Bench-301: what a laptop trains.
  { name: 'small', batchSize: 128, inferenceSizes: [8, 32, 64], spec: { ...network, layers: 2, heads: 4, neighbours: 100, activeFeatures: 16, featureRows: 196, width: 64, feedForwardWidth: 256 } },
  // The paper's widths; 26 and 101 tokens.
  { name: 'nb101', batchSize: 64, inferenceSizes: [8, 32], spec: { ...network, neighbours: 25, activeFeatures: 26, featureRows: 46, width: 256, feedForwardWidth: 1024 } },
  { name: 'nb301', batchSize: 32, inferenceSizes: [8, 32], spec: { ...network, neighbours: 100, activeFeatures: 16, featureRows: 196, width: 512, feedForwardWidth: 2048 } },
];

function fullTokens({ neighbours: N, activeFeatures: K, featureRows: F }: NetworkSpec, batch: number, rng: Rng): TokenBatch {
  return { batch, ids: Uint16Array.from({ length: batch * (1 + N) * K }, () => rng.int(F)), counts: new Int32Array(batch).fill(N) };
}

export function learnerBatch({ spec, batchSize: B }: EngineCase, seed: number): LearnerBatch {
  const rng = new Rng(seed);
  const reals = (draw: () => number): Float32Array => Float32Array.from({ length: B }, draw);
  return {
    state: fullTokens(spec, B, rng),
    next: fullTokens(spec, B, rng),
    actions: Int32Array.from({ length: B }, () => rng.int(spec.neighbours)),
    nStepReturns: reals(() => rng.normal()),
    discounts: reals(() => 0.729),
    importanceWeights: reals(() => 0.2 + 0.8 * rng.float()),
  };
}

/** The first `count` states of a batch. */
export function firstStates({ ids, counts, batch }: TokenBatch, count: number): TokenBatch {
  return { batch: count, ids: ids.subarray(0, (ids.length / batch) * count), counts: counts.subarray(0, count) };
}

export function caseWeights({ spec }: EngineCase, seed: number): WeightSnapshot {
  return initialWeights(spec, seed);
}
