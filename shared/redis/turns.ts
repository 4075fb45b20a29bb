/**
 * @file Lockstep over Redis: the learner gives a turn, an actor takes it and answers with one stream entry. A turn says
 * everything the answer depends on (the weights, and where the environments stand), so it may be taken by any actor, and taken
 * again: the answer is the same. Only the newest turn is kept.
 */
import { WireFormatError } from '../errors.js';
import type { RedisClient } from './client.js';
import type { RunKeys } from './keys.js';
import { asList, LeaseLostError } from './lease.js';
import type { WeightVersion } from './weightChannel.js';

export interface Turn extends WeightVersion {
  /** Transitions the learner has received: the turn's number. */
  readonly turn: number;
  /** Where the environments stand (wire/walkState.ts); null at the run's beginning. Foreign bytes: their reader checks them. */
  readonly walk: Uint8Array | null;
}

/** What became of a turn: said, there already, or its weights are not in Redis. */
export type Given = 'given' | 'stands' | 'no weights';

/** The learner's end, fenced by its token. */
export class TurnGiver {
  readonly #client: RedisClient;
  readonly #keys: RunKeys;
  readonly #token: number;

  constructor(client: RedisClient, keys: RunKeys, token: number) {
    this.#client = client;
    this.#keys = keys;
    this.#token = token;
  }

  /**
   * Says what comes next; where that was said already it stands, unless `again`.
   * @throws LeaseLostError if another learner took over; TransportError
   */
  async give({ version, turn, walk }: Omit<Turn, 'token'>, again: boolean): Promise<Given> {
    const { learnerToken, weightPointer, turns } = this.#keys;
    const [status, newest] = asList(await this.#client.script('giveTurn', [learnerToken, weightPointer, turns], [this.#token, version, turn, walk === null ? '' : Buffer.from(walk), again ? 1 : 0]));
    if (status === 0) throw new LeaseLostError(`the learner's lease must be its own to give a turn, and learner ${String(newest)} took over from ${this.#token}`);
    return status === -1 ? 'no weights' : status === 2 ? 'stands' : 'given';
  }
}

/** The actor's end: a connection of its own that waits. */
export class TurnTaker {
  readonly #waiting: RedisClient;
  readonly #keys: RunKeys;
  #lastId = '0-0';

  private constructor(waiting: RedisClient, keys: RunKeys) {
    this.#waiting = waiting;
    this.#keys = keys;
  }

  /** @throws TransportError */
  static async open(client: RedisClient, keys: RunKeys): Promise<TurnTaker> {
    return new TurnTaker(await client.forBlocking('turns'), keys);
  }

  /** Waits for a turn that was not taken yet. @returns null if `signal` fires first @throws WireFormatError if it is none; TransportError */
  async next(signal: AbortSignal): Promise<Turn | null> {
    const stop = (): void => this.#waiting.abort();
    signal.addEventListener('abort', stop, { once: true });
    try {
      while (!signal.aborted) {
        const reply = await this.#waiting.run((redis) => redis.xreadBuffer('COUNT', 1, 'BLOCK', this.#waiting.maxBlockMs, 'STREAMS', this.#keys.turns, this.#lastId));
        const entry = ((reply)?.[0]?.[1] as readonly (readonly [Buffer, readonly Buffer[]])[] | undefined)?.[0];
        if (entry === undefined) continue;
        this.#lastId = entry[0].toString('latin1');
        return readTurn(entry[1]);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
    return null;
  }

  close(): void {
    this.#waiting.abort();
  }
}

function readTurn([, token, , version, , turn, , walk]: readonly Buffer[]): Turn {
  const numbers = [token, version, turn].map((field) => {
    const text = field?.toString('latin1', 0, 20) ?? '';
    if (!/^\d{1,15}$/.test(text)) throw new WireFormatError(`a turn must hold token, weight version and number, got ${JSON.stringify(text)}`);
    return Number(text);
  });
  const [tokenNumber = 0, versionNumber = 0, turnNumber = 0] = numbers;
  return { token: tokenNumber, version: versionNumber, turn: turnNumber, walk: walk === undefined || walk.length === 0 ? null : Buffer.from(walk) };
}
