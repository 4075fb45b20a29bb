/** @file What a checkpoint keeps besides its files, and how a learner becomes what it was. */
import { z } from 'zod';
import type { LearnerEngine, NamedArray } from '../../shared/agent/types.js';
import type { LoadedCheckpoint } from '../../shared/checkpoint/checkpointStore.js';
import { CheckpointError } from '../../shared/errors.js';
import type { QueryCounter } from '../../shared/mdp/queryCounter.js';
import type { PrioritizedReplay } from '../../shared/replay/prioritizedReplay.js';
import type { RateLimiter } from '../../shared/replay/rateLimiter.js';
import type { Rng } from '../../shared/rng.js';
import { decodeSafetensors } from '../../shared/wire/safetensors.js';

const count = z.number().int().min(0);

const learnerStateSchema = z.strictObject({
  steps: count,
  /** Seconds trained. */
  seconds: z.number().min(0),
  weightVersion: count,
  limiter: z.strictObject({ inserts: count, samples: count }),
  rng: z.tuple([count, count, count, count]).readonly(),
  shaping: z.strictObject({ alpha: z.number(), logSigma: z.number(), samples: count }),
  stream: z.strictObject({ lastId: z.string().max(64), appended: count, marks: z.array(z.tuple([count, count, count]).readonly()).readonly() }),
  /** Level of the query counter, whose hashes are a file. */
  queryLevel: count,
});

export type LearnerState = Readonly<z.infer<typeof learnerStateSchema>>;

/** @throws CheckpointError if the state is none of a learner's */
export function parseLearnerState(state: unknown): LearnerState {
  const result = learnerStateSchema.safeParse(state);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new CheckpointError(`a checkpoint's state must be a learner's: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}

/** What is filled from a checkpoint's files and state. */
export interface Restorable {
  readonly engine: LearnerEngine;
  readonly replay: PrioritizedReplay;
  readonly limiter: RateLimiter;
  readonly queries: QueryCounter;
  readonly rng: Rng;
}

/** @throws CheckpointError if a file is missing or does not fit */
export function restoreLearner(checkpoint: LoadedCheckpoint, state: LearnerState, { engine, replay, limiter, queries, rng }: Restorable): void {
  try {
    engine.setWeights(floats(checkpoint, 'online.safetensors'));
    engine.setTargetWeights(floats(checkpoint, 'target.safetensors'));
    engine.setOptimizerState(floats(checkpoint, 'optimizer.safetensors'));
    replay.deserialize(checkpoint.file('replay.bin'));
    limiter.restore(state.limiter);
    rng.restore(state.rng);
    const hashes = decodeSafetensors(checkpoint.file('queries.safetensors')).arrays[0]?.values;
    queries.restore({ level: state.queryLevel, hashes: Float64Array.from((hashes ?? []) as ArrayLike<number>) });
  } catch (cause) {
    throw new CheckpointError(`checkpoint ${checkpoint.path} must fit this run's network and replay: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function floats(checkpoint: LoadedCheckpoint, name: string): NamedArray[] {
  return decodeSafetensors(checkpoint.file(name)).arrays.map(({ name: array, shape, values }) => {
    if (!(values instanceof Float32Array)) throw new CheckpointError(`${name} must hold F32 arrays, ${array} is none`);
    return { name: array, shape, values };
  });
}
