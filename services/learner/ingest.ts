/**
 * @file The learner's other loop: takes batches from the stream into the replay while the rate limiter allows inserts, and
 * otherwise waits until samples were taken. What stays in the stream makes the actors wait, so the learner paces the whole run.
 */
import type { Benchmark } from '../../shared/benchmarks/types.js';
import { WireFormatError } from '../../shared/errors.js';
import type { QueryCounter } from '../../shared/mdp/queryCounter.js';
import type { TransitionColumns } from '../../shared/mdp/types.js';
import type { MetricSet } from '../../shared/metrics/metricSet.js';
import type { TransitionConsumer } from '../../shared/redis/transitionStream.js';
import type { PrioritizedReplay } from '../../shared/replay/prioritizedReplay.js';
import type { RateLimiter } from '../../shared/replay/rateLimiter.js';
import type { Signal } from '../../shared/signal.js';

/** Where a batch goes. */
export interface InsertOptions {
  readonly replay: PrioritizedReplay;
  readonly limiter: RateLimiter;
  readonly metrics: MetricSet;
  readonly benchmark: Benchmark;
  /** Distinct architectures that training evaluated. */
  readonly queries: QueryCounter;
}

export interface IngestOptions extends InsertOptions {
  readonly consumer: TransitionConsumer;
  /** Transitions inserted before the first sample. */
  readonly warmUpTransitions: number;
  /** Most transitions an entry brings. */
  readonly maxInsert: number;
  readonly inserted: Signal;
  readonly sampled: Signal;
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
  const { consumer, inserted, metrics } = options;
  const taken = await consumer.take(entries, blockMs, ({ columns }) => insert(options, columns));
  metrics.add('streamDuplicates', taken.duplicateEntries);
  if (taken.transitions > 0) inserted.notify();
}

/** One batch becomes part of the replay and of the counts. */
export function insert({ replay, limiter, metrics, benchmark, queries }: InsertOptions, columns: TransitionColumns): void {
  replay.add(columns);
  countQueries(benchmark, queries, columns);
  limiter.inserted(columns.size);
  metrics.add('replayInserts', columns.size);
}

/** How many entries of the largest size may be inserted now, at most `mostEntries`. */
export function allowedEntries({ limiter, warmUpTransitions, maxInsert }: Pick<IngestOptions, 'limiter' | 'warmUpTransitions' | 'maxInsert'>): number {
  if (limiter.inserts < warmUpTransitions) return Math.max(1, Math.min(mostEntries, Math.floor((warmUpTransitions - limiter.inserts) / maxInsert)));
  let entries = 0;
  while (entries < mostEntries && limiter.canInsert((entries + 1) * maxInsert)) entries++;
  return entries;
}

/** Every architecture visited is some transition's state or next state. */
function countQueries(benchmark: Benchmark, queries: QueryCounter, { size, codeWords, stateCodes, nextCodes }: TransitionColumns): void {
  for (let i = 0; i < size; i++) {
    queries.add(benchmark.queryKey(stateCodes, i * codeWords));
    queries.add(benchmark.queryKey(nextCodes, i * codeWords));
  }
}

/**
 * Refuses a batch with a code that the benchmark does not hold: it must not reach the network.
 * @throws WireFormatError naming the transition
 */
export function checkCodes(benchmark: Benchmark, { size, codeWords, stateCodes, nextCodes }: TransitionColumns): void {
  for (let i = 0; i < size; i++) {
    const at = i * codeWords;
    if (benchmark.holds(stateCodes, at) && benchmark.holds(nextCodes, at)) continue;
    throw new WireFormatError(`a transition's codes must be architectures of ${benchmark.space.name}, transition ${i}'s are not`);
  }
}
