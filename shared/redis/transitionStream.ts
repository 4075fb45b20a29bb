/**
 * @file The learner's end of the transition stream: reads entries by id, decodes and judges them, hands new batches on, moves
 * bad ones to quarantine with the reason, acknowledges what was taken and trims behind durable checkpoints. One learner reads,
 * without a consumer group; its position and the actors' marks are its checkpoint, so after a restart the retained entries are
 * read again and nothing is counted twice.
 */
import { CheckpointError, WireFormatError } from '../errors.js';
import type { TransitionColumns } from '../mdp/types.js';
import { decodeTransitions, type DecodedTransitions, type TransitionLimits } from '../wire/transitions.js';
import { ActorMarks, type ActorMark } from './actorMarks.js';
import type { RedisClient } from './client.js';
import type { RunKeys } from './keys.js';
import { asList, LeaseLostError } from './lease.js';

export interface ConsumerOptions {
  readonly client: RedisClient;
  readonly keys: RunKeys;
  /** The learner lease's fencing token. */
  readonly token: number;
  readonly limits: TransitionLimits;
  /** Further rules for a batch (are its codes architectures?); what it throws as a WireFormatError sends the entry to quarantine. */
  readonly check?: (columns: TransitionColumns, walk: Uint8Array | null) => void;
  /** Outstanding transitions at or below which refused actors are woken; half of redis.streamTransitions is a good one. */
  readonly lowWaterTransitions: number;
  /** Entries kept in quarantine; default 256. */
  readonly quarantineEntries?: number;
}

/** A new batch. */
export interface TakenBatch extends DecodedTransitions {
  /** In lockstep, where the environments stood after it; foreign bytes unless `check` judged them. Owned by the receiver. */
  readonly walk: Uint8Array | null;
}

/** What the checkpoint keeps of the stream. */
export interface StreamPosition {
  /** Id of the last entry taken; `0-0` before the first. */
  readonly lastId: string;
  /** Transitions appended up to and with that entry, by the stream's own count. */
  readonly appended: number;
  readonly marks: readonly ActorMark[];
}

/** What one call of `take` did, in transitions except where it says entries. */
export interface Taken {
  readonly entries: number;
  readonly transitions: number;
  readonly duplicateEntries: number;
  readonly quarantinedEntries: number;
}

/** The stream's counters, for metrics and for forcing a checkpoint. */
export interface StreamCounters {
  readonly appended: number;
  readonly ingested: number;
  readonly outstanding: number;
  /** Bytes of entries that no trim has removed. */
  readonly retainedBytes: number;
  readonly quarantined: number;
  /** Actors that wait for room. */
  readonly waiting: number;
}

interface StreamEntry {
  readonly id: string;
  readonly bytes: Buffer;
  readonly walk: Buffer | null;
  /** Transitions appended up to and with this entry, by the append script; null for an entry of someone else's. */
  readonly appended: number | null;
}

const ID = /^\d{1,20}-\d{1,20}$/;
const keptBytes = 65_536;

export class TransitionConsumer {
  readonly marks = new ActorMarks();
  readonly #options: ConsumerOptions;
  readonly #reading: RedisClient;
  #lastId = '0-0';
  #appended = 0;
  /** What was taken and is not acknowledged yet, after a failed round trip. */
  #pending: number | null = null;
  #quarantined = 0;

  private constructor(options: ConsumerOptions, reading: RedisClient) {
    this.#options = options;
    this.#reading = reading;
  }

  /** Opens a connection of its own for reading. @throws TransportError */
  static async open(options: ConsumerOptions): Promise<TransitionConsumer> {
    return new TransitionConsumer(options, await options.client.forBlocking('transitions'));
  }

  get position(): StreamPosition {
    return { lastId: this.#lastId, appended: this.#appended, marks: this.marks.snapshot() };
  }

  /**
   * Goes on from a checkpoint, and acknowledges what it covers.
   * @returns transitions that were trimmed beyond the position, and so are lost to it: 0 unless an older checkpoint than the
   * newest is loaded
   * @throws CheckpointError if `position` is none; LeaseLostError, TransportError
   */
  async restore(position: StreamPosition): Promise<number> {
    const { lastId, appended, marks } = position;
    if (typeof lastId !== 'string' || !ID.test(lastId)) throw new CheckpointError(`a checkpoint's stream position must be a stream id, got ${JSON.stringify(lastId)}`);
    if (!Number.isSafeInteger(appended) || appended < 0) throw new CheckpointError(`a checkpoint's count of appended transitions must be a whole number, got ${JSON.stringify(appended)}`);
    this.marks.restore(marks);
    this.#lastId = lastId;
    this.#appended = appended;
    await this.acknowledgeIngested(appended);
    const [through, trimmed] = await this.#options.client.run((redis) => redis.hmget(this.#options.keys.counters, 'trimmedThrough', 'trimmed'));
    if (through === null || through === undefined || compareIds(through, lastId) <= 0) return 0;
    return Math.max(0, Number(trimmed) - appended);
  }

  /** Entries found bad since this consumer was opened. */
  get quarantined(): number {
    return this.#quarantined;
  }

  /**
   * Takes up to `maxEntries` entries, waiting up to `blockMs` for the first: hands each new batch to `onBatch` in stream
   * order, then acknowledges them, which makes room for the actors.
   * @param blockMs at most the connection's maxBlockMs is waited; 0 does not wait
   * @throws LeaseLostError if another learner took over; TransportError
   */
  async take(maxEntries: number, blockMs: number, onBatch: (batch: TakenBatch) => void): Promise<Taken> {
    await this.#acknowledgePending();
    const entries = await this.#read(maxEntries, blockMs);
    let transitions = 0;
    let duplicateEntries = 0;
    let quarantinedEntries = 0;
    for (const entry of entries) {
      const batch = await this.#decodeOrQuarantine(entry);
      if (batch === null) quarantinedEntries++;
      else if (this.marks.take(batch.header.actor, batch.header.incarnation, batch.header.sequence) === 'duplicate') duplicateEntries++;
      else {
        onBatch(batch);
        transitions += batch.columns.size;
      }
      this.#lastId = entry.id;
      if (entry.appended !== null) this.#pending = this.#appended = entry.appended;
    }
    await this.#acknowledgePending();
    return { entries: entries.length, transitions, duplicateEntries, quarantinedEntries };
  }

  /**
   * Counts everything appended up to and with `appended` as taken, and wakes refused actors below the low-water mark.
   * @returns outstanding transitions
   * @throws LeaseLostError, TransportError
   */
  async acknowledgeIngested(appended: number): Promise<number> {
    const { client, keys, token, lowWaterTransitions } = this.#options;
    const reply = await client.script('acknowledgeIngested', [keys.learnerToken, keys.counters, keys.drain, keys.waiters, keys.waiterSeen], [token, appended, lowWaterTransitions]);
    return Number(this.#fenced(asList(reply))[1]);
  }

  /**
   * Deletes the entries up to and with `throughId`, once a checkpoint that covers them is on the disk.
   * @returns bytes still retained
   * @throws LeaseLostError, TransportError
   */
  async trim(throughId: string): Promise<number> {
    if (throughId === '0-0') return (await this.counters()).retainedBytes;
    const { client, keys, token } = this.#options;
    const reply = await client.script('trimStream', [keys.learnerToken, keys.counters, keys.transitions, keys.drain, keys.waiters], [token, throughId, idAfter(throughId)]);
    return Number(this.#fenced(asList(reply))[2]);
  }

  /** @throws TransportError */
  async counters(): Promise<StreamCounters> {
    return readStreamCounters(this.#options.client, this.#options.keys);
  }

  /** Ends a wait under way. */
  close(): void {
    this.#reading.abort();
  }

  async #acknowledgePending(): Promise<void> {
    if (this.#pending === null) return;
    await this.acknowledgeIngested(this.#pending);
    this.#pending = null;
  }

  async #read(maxEntries: number, blockMs: number): Promise<StreamEntry[]> {
    const { keys } = this.#options;
    const reply = await this.#reading.run((redis) =>
      blockMs > 0
        ? redis.xreadBuffer('COUNT', maxEntries, 'BLOCK', Math.min(blockMs, this.#reading.maxBlockMs), 'STREAMS', keys.transitions, this.#lastId)
        : redis.xreadBuffer('COUNT', maxEntries, 'STREAMS', keys.transitions, this.#lastId),
    );
    const entries = ((reply)?.[0]?.[1] ?? []) as readonly (readonly [Buffer, readonly Buffer[]])[];
    return entries.map(([id, fields]) => readEntry(id, fields));
  }

  async #decodeOrQuarantine(entry: StreamEntry): Promise<TakenBatch | null> {
    try {
      const batch = decodeTransitions(entry.bytes, this.#options.limits);
      this.#options.check?.(batch.columns, entry.walk);
      return { ...batch, walk: entry.walk };
    } catch (error) {
      if (!(error instanceof WireFormatError)) throw error;
      await this.#quarantine(entry, error.message);
      return null;
    }
  }

  async #quarantine(entry: StreamEntry, reason: string): Promise<void> {
    const { client, keys, token, quarantineEntries = 256 } = this.#options;
    const kept = entry.bytes.subarray(0, keptBytes);
    const reply = await client.script('quarantineEntry', [keys.learnerToken, keys.counters, keys.quarantine], [token, entry.id, reason, entry.bytes.length, kept, quarantineEntries]);
    this.#fenced(asList(reply));
    this.#quarantined++;
  }

  #fenced(answer: unknown[]): unknown[] {
    if (answer[0] === 0) throw new LeaseLostError(`the learner's lease must be its own, and learner ${String(answer[1])} took over from ${this.#options.token}`);
    return answer;
  }
}

function readEntry(id: Buffer, fields: readonly Buffer[]): StreamEntry {
  let bytes: Buffer = Buffer.alloc(0);
  let walk: Buffer | null = null;
  let appended: number | null = null;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]?.toString('latin1');
    const value = fields[i + 1] as Buffer;
    if (name === 'b') bytes = value;
    if (name === 'a') walk = Buffer.from(value);
    if (name === 't' && /^\d{1,15}$/.test(value.toString('latin1', 0, 20))) appended = Number(value.toString('latin1'));
  }
  return { id: id.toString('latin1'), bytes, walk, appended };
}

/** The stream's counters, for anyone. @throws TransportError */
export async function readStreamCounters(client: RedisClient, keys: RunKeys): Promise<StreamCounters> {
  const [state, waiting] = await client.run((redis) =>
    Promise.all([redis.hmget(keys.counters, 'appended', 'ingested', 'appendedBytes', 'trimmedBytes', 'quarantined'), redis.zcard(keys.waiters)]),
  );
  const [appended = 0, ingested = 0, appendedBytes = 0, trimmedBytes = 0, quarantined = 0] = state.map(Number);
  return { appended, ingested, outstanding: appended - ingested, retainedBytes: appendedBytes - trimmedBytes, quarantined, waiting };
}

/** Negative, zero or positive as stream id `a` lies before, at or after `b`. */
export function compareIds(a: string, b: string): number {
  const [aMs = 0n, aSeq = 0n] = a.split('-').map(BigInt);
  const [bMs = 0n, bSeq = 0n] = b.split('-').map(BigInt);
  return aMs === bMs ? Number(aSeq > bSeq) - Number(aSeq < bSeq) : Number(aMs > bMs) - Number(aMs < bMs);
}

/** The least stream id after `id`. */
export function idAfter(id: string): string {
  const [ms = '0', sequence = '0'] = id.split('-');
  return `${ms}-${BigInt(sequence) + 1n}`;
}
