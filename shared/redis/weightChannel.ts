/**
 * @file Weight snapshots from the learner to the actors. The publisher writes a version's chunks under a key of its own, then
 * switches the pointer and announces the version in one step, fenced by its token; a publisher that dies midway leaves only a
 * key that runs out. A reader follows the pointer, checks length and checksum, and starts again where a version vanished, so
 * it never holds a mix of two; a few readers fetch at a time, and (token, version) never goes back.
 */
import { InvariantError, TransportError, WireFormatError } from '../errors.js';
import { type Clock, systemClock } from '../clock.js';
import { Rng } from '../rng.js';
import { checksumOf, splitChunks } from '../wire/weights.js';
import type { RedisClient } from './client.js';
import { FetchPermits } from './fetchPermits.js';
import type { RunKeys } from './keys.js';
import { asList, LeaseLostError } from './lease.js';

export interface PublisherOptions {
  readonly client: RedisClient;
  readonly keys: RunKeys;
  /** The learner lease's fencing token. */
  readonly token: number;
  /** Bytes a chunk (redis.weightChunkBytes). */
  readonly chunkBytes: number;
  /** How long the version before stays for readers in the middle of it; default 120 s. */
  readonly oldMs?: number;
  /** How long chunks stay whose publisher died: longer than a publication takes; default 120 s. */
  readonly unfinishedMs?: number;
}

export class WeightPublisher {
  readonly #options: PublisherOptions;
  #version = -1;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /**
   * Publishes a snapshot. Other clients are served between the chunks.
   * @param version never below the one before; the same again, with the same bytes, where Redis may have lost it
   * @throws LeaseLostError if another learner took over; TransportError, after which the same version may be published again
   */
  async publish(version: number, bytes: Uint8Array): Promise<void> {
    if (version < this.#version) throw new InvariantError(`a weight version must be at least ${this.#version}, got ${version}`);
    const { client, keys, token, chunkBytes, oldMs = 120_000, unfinishedMs = 120_000 } = this.#options;
    const key = keys.weightChunks(token, version);
    const chunks = splitChunks(bytes, chunkBytes);
    for (const [i, chunk] of chunks.entries()) {
      await client.transaction((multi) => multi.hset(key, String(i), asBuffer(chunk)).pexpire(key, unfinishedMs));
    }
    const [oldToken, oldVersion] = await client.run((redis) => redis.hmget(keys.weightPointer, 'token', 'version'));
    const old = oldToken == null || oldVersion == null ? key : keys.weightChunks(Number(oldToken), Number(oldVersion));
    const reply = await client.script('publishWeights', [keys.learnerToken, keys.weightPointer, key, old], [token, version, bytes.length, chunks.length, checksumOf(bytes), oldMs, keys.weightChannel]);
    const [status, value] = asList(reply);
    if (status === 0) throw new LeaseLostError(`the learner's lease must be its own to publish, and learner ${String(value)} took over from ${token}`);
    if (status !== 1) throw new TransportError(`weight version ${version} must have ${chunks.length} chunks in Redis before it is announced, and has ${String(value)}`);
    this.#version = version;
  }
}

/** Which snapshot: versions of a later token are newer, whatever their number. */
export interface WeightVersion {
  readonly token: number;
  readonly version: number;
}

export interface FetchedWeights extends WeightVersion {
  readonly bytes: Uint8Array;
}

export interface ReaderOptions {
  readonly client: RedisClient;
  readonly keys: RunKeys;
  /** Unique per reader: who holds a permit. */
  readonly reader: string;
  /** Readers that fetch at once, in the whole run; default 4. */
  readonly permits?: number;
  /** A fetch begins after a random pause of up to this; default 0. */
  readonly jitterMs?: number;
  /** Larger snapshots are refused; default 1 GiB. */
  readonly maxBytes?: number;
  readonly clock?: Clock;
}

interface Pointer extends WeightVersion {
  readonly bytes: number;
  readonly chunks: number;
  readonly checksum: number;
  readonly publishedMs: number;
}

const attempts = 8;

export class WeightReader {
  readonly #options: ReaderOptions;
  readonly #clock: Clock;
  readonly #permits: FetchPermits;
  readonly #jitter: Rng;
  #have: WeightVersion | null = null;
  /** On our monotonic clock, when what we have was published. */
  #publishedAt = -Infinity;
  #listening: RedisClient | null = null;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#permits = new FetchPermits(options.client, options.keys, options.reader, options.permits ?? 4);
    this.#jitter = new Rng(0).split(options.reader);
  }

  /** The newest snapshot fetched so far. */
  get have(): WeightVersion | null {
    return this.#have;
  }

  /** Age of that snapshot since its publication, in ms; Infinity before the first. */
  get ageMs(): number {
    return this.#clock.monotonic() - this.#publishedAt;
  }

  /**
   * Fetches the newest snapshot, whole and checked.
   * @returns null if there is none newer than the last one fetched
   * @throws TransportError if versions kept vanishing; WireFormatError if the pointer is no pointer or its bytes are damaged
   */
  async fetchNewest(): Promise<FetchedWeights | null> {
    if (!this.#isNewer(await this.#pointer())) return null;
    await this.#pause();
    return this.#permits.during(async () => {
      for (let attempt = 0; attempt < attempts; attempt++) {
        const pointer = await this.#pointer();
        if (pointer === null || !this.#isNewer(pointer)) return null;
        const bytes = await this.#chunks(pointer);
        if (bytes === null) continue;
        await this.#take(pointer);
        return { token: pointer.token, version: pointer.version, bytes };
      }
      throw new TransportError(`a weight version must outlive its fetch, and ${attempts} vanished in turn`);
    });
  }

  /** Calls `listener` when a version is announced, and when the connection is back after a loss. @throws TransportError */
  async onVersion(listener: () => void): Promise<void> {
    this.#listening ??= await this.#options.client.forBlocking('weights');
    this.#listening.onReconnect(listener);
    await this.#listening.subscribe(this.#options.keys.weightChannel, listener);
  }

  close(): void {
    this.#listening?.abort();
    this.#permits.close();
  }

  #isNewer(pointer: Pointer | null): boolean {
    if (pointer === null) return false;
    const have = this.#have;
    return have === null || pointer.token > have.token || (pointer.token === have.token && pointer.version > have.version);
  }

  async #pointer(): Promise<Pointer | null> {
    const { client, keys, maxBytes = 2 ** 30 } = this.#options;
    const names = ['token', 'version', 'bytes', 'chunks', 'checksum', 'publishedMs'] as const;
    const values = await client.run((redis) => redis.hmget(keys.weightPointer, ...names));
    if (values.every((value) => value === null)) return null;
    const numbers = values.map((value) => (value !== null && /^\d{1,16}$/.test(value) ? Number(value) : NaN));
    if (numbers.some((n) => !Number.isSafeInteger(n))) throw new WireFormatError(`a weight pointer must hold the numbers ${names.join(', ')}, got ${JSON.stringify(values).slice(0, 200)}`);
    const [token = 0, version = 0, bytes = 0, chunks = 0, checksum = 0, publishedMs = 0] = numbers;
    if (bytes > maxBytes || chunks > bytes + 1) throw new WireFormatError(`a weight snapshot must be at most ${maxBytes} bytes, got ${bytes} in ${chunks} chunks`);
    return { token, version, bytes, chunks, checksum, publishedMs };
  }

  /** @returns null if the version vanished or is not the one that was announced */
  async #chunks(pointer: Pointer): Promise<Uint8Array | null> {
    const key = this.#options.keys.weightChunks(pointer.token, pointer.version);
    const out = new Uint8Array(pointer.bytes);
    let position = 0;
    for (let i = 0; i < pointer.chunks; i++) {
      const chunk = await this.#options.client.run((redis) => redis.hgetBuffer(key, String(i)));
      if (chunk === null || position + chunk.length > out.length) return null;
      out.set(chunk, position);
      position += chunk.length;
    }
    return position === out.length && checksumOf(out) === pointer.checksum ? out : null;
  }

  async #take(pointer: Pointer): Promise<void> {
    const [seconds, micros] = await this.#options.client.run((redis) => redis.time());
    const ageMs = Number(seconds) * 1000 + Number(micros) / 1000 - pointer.publishedMs;
    this.#publishedAt = this.#clock.monotonic() - Math.max(0, ageMs);
    this.#have = { token: pointer.token, version: pointer.version };
  }

  async #pause(): Promise<void> {
    const pauseMs = (this.#options.jitterMs ?? 0) * this.#jitter.float();
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
