/**
 * @file The learner's other loop: takes batches from the stream into the replay while the rate limiter allows inserts, and
 * otherwise waits until samples were taken. What stays in the stream makes the actors wait, so the learner paces the whole run.
 */
import { WireFormatError } from '../../shared/errors.js';
import type { SearchSpace } from '../../shared/benchmarks/types.js';
import type { TransitionColumns } from '../../shared/mdp/types.js';
import type { MetricSet } from '../../shared/metrics/metricSet.js';
import type { TransitionConsumer } from '../../shared/redis/transitionStream.js';
import type { PrioritizedReplay } from '../../shared/replay/prioritizedReplay.js';
import type { RateLimiter } from '../../shared/replay/rateLimiter.js';
import type { Signal } from '../../shared/signal.js';

export interface IngestOptions {
  readonly consumer: TransitionConsumer;
  readonly replay: PrioritizedReplay;
  readonly limiter: RateLimiter;
  /** Transitions inserted before the first sample. */
  readonly warmUpTransitions: number;
  /** Most transitions an entry brings. */
  readonly maxInsert: number;
  readonly inserted: Signal;
  readonly sampled: Signal;
  readonly metrics: MetricSet;
}

/** Longest wait for an entry in one round trip. */
const blockMs = 5_000;
/** Entries taken in one round trip. */
const mostEntries = 64;

/** Runs until `signal` fires; what was taken by then is in the replay. */
export async function ingest(options: IngestOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const entries = allowedEntries(options);
    if (entries === 0) {
      await options.sampled.wait(signal);
      continue;
    }
    await takeOnce(options, entries);
  }
}

async function takeOnce(options: IngestOptions, entries: number): Promise<void> {
  const { consumer, replay, limiter, inserted, metrics } = options;
  const taken = await consumer.take(entries, blockMs, ({ columns }) => {
    replay.add(columns);
    limiter.inserted(columns.size);
    metrics.add('replayInserts', columns.size);
  });
  metrics.add('streamDuplicates', taken.duplicateEntries);
  if (taken.transitions > 0) inserted.notify();
}

/** How many entries of the largest size may be inserted now, at most `mostEntries`. */
export function allowedEntries({ limiter, warmUpTransitions, maxInsert }: Pick<IngestOptions, 'limiter' | 'warmUpTransitions' | 'maxInsert'>): number {
  if (limiter.inserts < warmUpTransitions) return Math.max(1, Math.min(mostEntries, Math.floor((warmUpTransitions - limiter.inserts) / maxInsert)));
  let entries = 0;
  while (entries < mostEntries && limiter.canInsert((entries + 1) * maxInsert)) entries++;
  return entries;
}

/**
 * Refuses a batch with a code outside the space: such an entry must not reach the network.
 * @throws WireFormatError naming the transition
 */
export function checkCodes(space: SearchSpace, { size, codeWords, stateCodes, nextCodes }: TransitionColumns): void {
  for (let i = 0; i < size; i++) {
    if (!space.contains(stateCodes, i * codeWords) || !space.contains(nextCodes, i * codeWords)) {
      throw new WireFormatError(`a transition's codes must be architectures of ${space.name}, transition ${i}'s are not`);
    }
  }
}
