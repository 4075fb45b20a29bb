/**
 * @file Lockstep: instead of two loops there is one order of events, fixed by counts. While the rate limiter allows a sample the
 * learner steps; where it does not, the weights of this moment go out and an actor gets a turn: one entry, made by these weights
 * from where the environments stood after the entry before. The entry's content is a function of the turn alone, so it does not
 * matter who takes it, how often, or whether an entry that a killed learner had asked for is read again by the next one.
 */
import type { LoadedCheckpoint } from '../../shared/checkpoint/checkpointStore.js';
import { CheckpointError, WireFormatError } from '../../shared/errors.js';
import type { TransitionColumns } from '../../shared/mdp/types.js';
import type { TakenBatch, TransitionConsumer } from '../../shared/redis/transitionStream.js';
import type { TurnGiver } from '../../shared/redis/turns.js';
import type { RateLimiter } from '../../shared/replay/rateLimiter.js';
import { decodeWalk, type WalkLimits } from '../../shared/wire/walkState.js';
import { WALK_FILE } from './checkpointer.js';
import type { Publisher } from './publisher.js';

export interface LockstepOptions {
  readonly limits: WalkLimits;
  readonly limiter: RateLimiter;
  readonly consumer: TransitionConsumer;
  readonly publisher: Publisher;
  readonly turns: TurnGiver;
  readonly insert: (columns: TransitionColumns) => void;
  readonly onDuplicate: () => void;
}

/** Longest wait for an answer before it is seen to that the turn still stands in Redis. */
const blockMs = 5_000;

export class Lockstep {
  /** Where the environments stood after the last entry taken (wire/walkState.ts); null before the first. */
  walk: Uint8Array | null;
  readonly #options: LockstepOptions;

  constructor(options: LockstepOptions, walk: Uint8Array | null) {
    this.#options = options;
    this.walk = walk;
  }

  /** Takes the next entry: one that is there already, or the answer to a turn. @throws LeaseLostError, TransportError */
  async refill(learnerSteps: number, signal: AbortSignal): Promise<void> {
    if ((await this.#take(0)) === 'taken') return;
    let again = false;
    while (!signal.aborted) {
      await this.#give(learnerSteps, again);
      const outcome = await this.#take(blockMs);
      if (outcome === 'taken') return;
      again = outcome === 'refused';
    }
  }

  async #give(learnerSteps: number, again: boolean): Promise<void> {
    const { publisher, turns, limiter } = this.#options;
    const turn = { version: learnerSteps, turn: limiter.inserts, walk: this.walk };
    for (;;) {
      if (publisher.version !== learnerSteps) await publisher.publish(learnerSteps);
      await publisher.settle();
      if ((await turns.give(turn, again)) !== 'no weights') return;
      await publisher.publish(learnerSteps);
    }
  }

  /** Reads entries until one answers the turn, one was refused, or there is none for `waitMs`. */
  async #take(waitMs: number): Promise<'taken' | 'refused' | 'none'> {
    for (;;) {
      let taken = false;
      const { entries, quarantinedEntries } = await this.#options.consumer.take(1, waitMs, (batch) => (taken = this.#accept(batch)));
      if (taken) return 'taken';
      if (quarantinedEntries > 0) return 'refused';
      if (entries === 0) return 'none';
    }
  }

  /** @returns false for another turn's entry: one that was asked for twice */
  #accept({ columns, walk }: TakenBatch): boolean {
    const { limits, limiter, insert, onDuplicate } = this.#options;
    if (walk === null || decodeWalk(walk, limits).turn !== limiter.inserts) {
      onDuplicate();
      return false;
    }
    insert(columns);
    this.walk = walk;
    return true;
  }
}

/** @throws WireFormatError unless the walk of an entry is there and whole */
export function checkWalk(walk: Uint8Array | null, limits: WalkLimits): void {
  if (walk === null) throw new WireFormatError('in lockstep an entry must say where the environments stand, and this one does not');
  decodeWalk(walk, limits);
}

/** The walk a checkpoint holds, null where it holds none. @throws CheckpointError if it does not fit the configuration */
export function restoredWalk(checkpoint: LoadedCheckpoint | null, limits: WalkLimits): Uint8Array | null {
  if (checkpoint?.holds(WALK_FILE) !== true) return null;
  const bytes = checkpoint.file(WALK_FILE);
  try {
    decodeWalk(bytes, limits);
  } catch (cause) {
    throw new CheckpointError(`checkpoint ${checkpoint.path} must fit this run's environments: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  return bytes;
}
