/**
 * @file Keeps the newest weights at hand for a role that runs its own loop: fetches in the background when a version is
 * announced, one fetch at a time, and hands the decoded snapshot over when the loop asks between two steps.
 */
import { ArchwalkError, WireFormatError } from '../errors.js';
import { Signal } from '../signal.js';
import { type DecodedWeights, decodeWeights } from '../wire/weights.js';
import type { WeightReader } from './weightChannel.js';

export interface FollowerOptions {
  readonly reader: WeightReader;
  /** Snapshots of another configuration are refused. */
  readonly configHash: string;
  /** Told in one line when a fetch failed; the next announcement tries again. */
  readonly onError: (error: ArchwalkError) => void;
}

export class WeightFollower {
  readonly #options: FollowerOptions;
  readonly #arrived = new Signal();
  #newest: DecodedWeights | null = null;
  #version = -1;
  #fetching = false;
  #again = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Begins to follow. @throws TransportError */
  async start(): Promise<void> {
    await this.#options.reader.onVersion(() => this.#fetch());
    this.#fetch();
  }

  /** Version last taken, -1 before the first. */
  get version(): number {
    return this.#version;
  }

  /** Seconds since the newest fetched snapshot was published; Infinity before the first. */
  get ageSeconds(): number {
    return this.#options.reader.ageMs / 1000;
  }

  /** The newest snapshot, if it is newer than the last one taken, else null. */
  take(): DecodedWeights | null {
    const newest = this.#newest;
    this.#newest = null;
    if (newest !== null) this.#version = newest.version;
    return newest;
  }

  /** Waits until `take` has something to give, or `signal` fires. */
  async wait(signal: AbortSignal): Promise<void> {
    while (this.#newest === null && !signal.aborted) await this.#arrived.wait(signal);
  }

  close(): void {
    this.#options.reader.close();
  }

  #fetch(): void {
    this.#again = true;
    if (!this.#fetching) void this.#fetchAll();
  }

  async #fetchAll(): Promise<void> {
    this.#fetching = true;
    while (this.#again) {
      this.#again = false;
      try {
        await this.#fetchOnce();
      } catch (error) {
        if (!(error instanceof ArchwalkError)) throw error;
        this.#options.onError(error);
      }
    }
    this.#fetching = false;
  }

  async #fetchOnce(): Promise<void> {
    const fetched = await this.#options.reader.fetchNewest();
    if (fetched === null) return;
    const decoded = decodeWeights(fetched.bytes);
    if (decoded.configHash !== this.#options.configHash) {
      throw new WireFormatError(`a weight snapshot must have configuration hash ${this.#options.configHash}, got ${JSON.stringify(decoded.configHash)}`);
    }
    this.#newest = decoded;
    this.#arrived.notify();
  }
}
