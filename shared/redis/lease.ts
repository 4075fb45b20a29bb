/**
 * @file Leases in Redis. The learner's carries a fencing token: only the newest token may acknowledge, trim, quarantine or
 * publish, so a learner that was paused past its lease and wakes can do no harm. An actor's lease gives it an id, an
 * incarnation (the fencing token of its batches) and a block of environment slots: slot base + i has the epsilon of the ladder's rung
 * base + i, and freed blocks are given out again lowest first, so the ladder stays covered at any number of actors.
 */
import { ArchwalkError, ConfigError, InvariantError } from '../errors.js';
import type { RedisClient } from './client.js';
import type { RunKeys } from './keys.js';

/** The lease is someone else's by now: stop acting under it. An actor leases again; a learner ends. */
export class LeaseLostError extends ArchwalkError {
  constructor(message: string) {
    super('transport', message, { retryable: true });
  }
}

export interface LeaseOptions {
  readonly client: RedisClient;
  readonly keys: RunKeys;
  /** Who holds it, unique per process: e.g. host:pid. */
  readonly holder: string;
  /** Lifetime without renewal; renewed every third of it. Default 5 s (learner), 15 s (actor). */
  readonly ttlMs?: number;
}

/** Renews until stopped; a failed round trip is tried again at the next turn, a refusal ends it. */
class Renewal {
  readonly #timer: NodeJS.Timeout;
  readonly #lost = new AbortController();
  #running = false;

  constructor(everyMs: number, renew: () => Promise<boolean>) {
    this.#timer = setInterval(() => void this.#turn(renew), everyMs);
    this.#timer.unref();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #turn(renew: () => Promise<boolean>): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      if (!(await renew())) {
        this.stop();
        this.#lost.abort();
      }
    } catch (error) {
      if (!(error instanceof ArchwalkError) || !error.retryable) {
        this.stop();
        this.#lost.abort(error);
      }
    } finally {
      this.#running = false;
    }
  }
}

export class LearnerLease {
  readonly token: number;
  readonly #options: Required<LeaseOptions>;
  readonly #renewal: Renewal;

  private constructor(token: number, options: Required<LeaseOptions>) {
    this.token = token;
    this.#options = options;
    this.#renewal = new Renewal(options.ttlMs / 3, () => this.renew());
  }

  /**
   * Takes the lease. Where a learner that died still holds it, waits once until its lifetime is over.
   * @param minimumToken the new token exceeds it: the highest token among the run's checkpoints, 0 without any
   * @throws ConfigError if another learner is alive
   */
  static async acquire(options: LeaseOptions & { readonly minimumToken: number }): Promise<LearnerLease> {
    const { client, keys, holder, ttlMs = 5_000, minimumToken } = options;
    const ask = async (): Promise<unknown[]> => asList(await client.script('acquireLearnerLease', [keys.learnerLease, keys.learnerToken], [holder, ttlMs, minimumToken]));
    let answer = await ask();
    if (answer[0] === 0) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(1, Number(answer[1]) + 1)));
      answer = await ask();
    }
    if (answer[0] !== 1) throw new ConfigError(`run ${keys.run} must have one learner, and ${String(answer[2]).replace(/^\d+:/, '')} is it: stop that one first`);
    return new LearnerLease(Number(answer[1]), { client, keys, holder, ttlMs });
  }

  /** Fires once another learner took over. */
  get lost(): AbortSignal {
    return this.#renewal.lost;
  }

  /** @returns false if another learner took over @throws TransportError */
  async renew(): Promise<boolean> {
    const { client, keys, holder, ttlMs } = this.#options;
    const answer = asList(await client.script('renewLearnerLease', [keys.learnerLease, keys.learnerToken], [this.token, holder, ttlMs]));
    return answer[0] === 1;
  }

  /** Stops renewing without giving the lease back: as if this process had been paused. */
  stopRenewing(): void {
    this.#renewal.stop();
  }

  /** Gives it back, so that the next learner need not wait. @throws TransportError */
  async release(): Promise<void> {
    this.#renewal.stop();
    const { client, keys, holder } = this.#options;
    await client.script('releaseLearnerLease', [keys.learnerLease], [this.token, holder]);
  }
}

export class ActorLease {
  readonly id: number;
  readonly incarnation: number;
  /** First of this actor's environment slots. */
  readonly base: number;
  readonly #options: Required<LeaseOptions>;
  readonly #renewal: Renewal;

  private constructor(id: number, incarnation: number, base: number, options: Required<LeaseOptions>) {
    this.id = id;
    this.incarnation = incarnation;
    this.base = base;
    this.#options = options;
    this.#renewal = new Renewal(options.ttlMs / 3, () => this.renew());
  }

  /** @param slots environments of this actor, >= 1 @throws TransportError */
  static async acquire(options: LeaseOptions & { readonly slots: number }): Promise<ActorLease> {
    const { client, keys, holder, ttlMs = 15_000, slots } = options;
    if (!Number.isInteger(slots) || slots < 1) throw new InvariantError(`an actor must lease at least 1 slot, got ${slots}`);
    const [id, incarnation, base] = asList(await client.script('leaseActor', [keys.actors, keys.incarnations, keys.sequences], [holder, slots, ttlMs]));
    return new ActorLease(Number(id), Number(incarnation), Number(base), { client, keys, holder, ttlMs });
  }

  /** Fires once the lease ran out and its place was given away. */
  get lost(): AbortSignal {
    return this.#renewal.lost;
  }

  /** @returns false if the place was given away @throws TransportError */
  async renew(): Promise<boolean> {
    const { client, keys, ttlMs } = this.#options;
    return (await client.script('renewActor', [keys.actors], [this.id, this.incarnation, ttlMs])) === 1;
  }

  stopRenewing(): void {
    this.#renewal.stop();
  }

  /** Gives id and slots back at once. @throws TransportError */
  async release(): Promise<void> {
    this.#renewal.stop();
    const { client, keys } = this.#options;
    await client.script('releaseActor', [keys.actors, keys.waiters], [this.id, this.incarnation]);
  }
}

/** A script's list reply. @throws InvariantError if it is none */
export function asList(reply: unknown): unknown[] {
  if (!Array.isArray(reply)) throw new InvariantError(`a script must reply with a list, got ${typeof reply}`);
  return reply as unknown[];
}
