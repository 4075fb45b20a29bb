/**
 * @file The actor's end of the transition stream. A batch is refused when the stream is at its bound; the producer then waits
 * in XREAD BLOCK on the `drain` stream until the learner says that there is room, and asks again. A batch whose reply was lost
 * is sent again and recognised by its sequence number.
 */
import { type Clock, systemClock } from '../clock.js';
import { TransportError } from '../errors.js';
import type { TransitionColumns } from '../mdp/types.js';
import { encodeTransitions } from '../wire/transitions.js';
import type { RedisClient } from './client.js';
import type { RunKeys } from './keys.js';
import { asList, LeaseLostError } from './lease.js';

export interface ProducerOptions {
  readonly client: RedisClient;
  readonly keys: RunKeys;
  readonly configHash: string;
  /** Transitions appended but not ingested at which a batch is refused (redis.streamTransitions). */
  readonly boundTransitions: number;
  /** Bytes of stream, ingested or not, at which a batch is refused: the learner is late with its checkpoint. */
  readonly maxRetainedBytes: number;
  readonly lease: { readonly id: number; readonly incarnation: number };
  readonly clock?: Clock;
}

export interface AppendResult {
  /** Milliseconds spent waiting for room. */
  readonly waitedMs: number;
  /** How often the batch was refused. */
  readonly refusals: number;
}

const APPENDED = 1;
const APPENDED_BEFORE = 2;
const LEASE_GONE = -1;
const noWalk = new Uint8Array(0);

export class TransitionProducer {
  readonly #options: ProducerOptions;
  readonly #clock: Clock;
  #lease: ProducerOptions['lease'];
  #sequence = 0;
  #waiting: RedisClient | null = null;
  #tail: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: ProducerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#lease = options.lease;
  }

  /** Sequence number of the last batch appended under the present lease. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Goes on under a new lease: sequence numbers start again at 1. */
  useLease(lease: ProducerOptions['lease']): void {
    this.#lease = lease;
    this.#sequence = 0;
  }

  /**
   * Appends one batch, waiting for room as long as it takes; batches are appended in the order of the calls.
   * @param weightVersion version of the weights the batch was made with
   * @param walk          in lockstep, where the environments stand after the batch (wire/walkState.ts)
   * @throws LeaseLostError if the lease was given away: lease again, `useLease`, append the same columns again
   * @throws TransportError if Redis stays away, or `signal` fired
   */
  append(columns: TransitionColumns, weightVersion: number, signal?: AbortSignal, walk: Uint8Array = noWalk): Promise<AppendResult> {
    const mine = this.#tail.then(() => this.#append(columns, weightVersion, signal, walk));
    this.#tail = mine.catch(() => undefined);
    return mine;
  }

  /** Gives up waiting; what is not appended stays with the caller. */
  close(): void {
    this.#closed = true;
    this.#waiting?.abort();
    this.#waiting = null;
  }

  async #append(columns: TransitionColumns, weightVersion: number, signal: AbortSignal | undefined, walk: Uint8Array): Promise<AppendResult> {
    const { configHash } = this.#options;
    const lease = this.#lease;
    const sequence = this.#sequence + 1;
    const bytes = encodeTransitions({ configHash, actor: lease.id, incarnation: lease.incarnation, sequence, weightVersion }, columns);
    let refusals = 0;
    let waitedMs = 0;
    for (;;) {
      if (signal?.aborted === true || this.#closed) throw new TransportError('appending transitions was given up before there was room');
      const { status, generation } = await this.#ask([bytes, columns.size, lease.id, lease.incarnation, sequence], walk);
      if (status === APPENDED || status === APPENDED_BEFORE) {
        this.#sequence = sequence;
        return { waitedMs, refusals };
      }
      if (status === LEASE_GONE) throw new LeaseLostError(`actor ${lease.id}'s lease must be its own to append, and was given away`);
      refusals++;
      const start = this.#clock.monotonic();
      await this.#untilDrained(generation, signal);
      waitedMs += this.#clock.monotonic() - start;
    }
  }

  async #ask(batch: readonly [Buffer, ...number[]], walk: Uint8Array): Promise<{ status: number; generation: number }> {
    const { client, keys, boundTransitions, maxRetainedBytes } = this.#options;
    const reply = await client.script(
      'appendTransitions',
      [keys.transitions, keys.counters, keys.sequences, keys.actors, keys.waiters, keys.waiterSeen],
      [...batch, boundTransitions, maxRetainedBytes, Buffer.from(walk.buffer, walk.byteOffset, walk.length)],
    );
    const [status, , generation] = asList(reply);
    return { status: Number(status), generation: Number(generation) };
  }

  /** Returns at the first drain signal after `generation`, or after 30 s, so that a signal lost with Redis delays and does not hang. */
  async #untilDrained(generation: number, signal: AbortSignal | undefined): Promise<void> {
    this.#waiting ??= await this.#options.client.forBlocking('drain');
    const waiting = this.#waiting;
    const isGivenUp = (): boolean => this.#closed || (signal?.aborted ?? false);
    if (this.#closed) waiting.abort();
    if (isGivenUp()) return;
    const giveUp = (): void => {
      waiting.abort();
      this.#waiting = null;
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      await waiting.run((redis) => redis.xread('COUNT', 1, 'BLOCK', waiting.maxBlockMs, 'STREAMS', this.#options.keys.drain, `${generation}-1`));
    } catch (error) {
      if (!isGivenUp()) throw error;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }
}
