/**
 * @file What processes say of themselves, once a second, with a lifetime: the live view, `runs show` and metrics read it. Also
 * the run-wide wish to stop, and the stream of evaluation results.
 */
import { systemClock, type Clock } from '../clock.js';
import { WireFormatError } from '../errors.js';
import type { RedisClient } from './client.js';
import type { RunKeys } from './keys.js';

export interface ProcessStatus {
  readonly role: string;
  readonly id: string;
  /** Milliseconds since the Unix epoch, by the process's clock. */
  readonly atMs: number;
  /** The role's own fields; foreign, so its reader checks what it uses. */
  readonly fields: unknown;
}

export interface StoredEvaluation {
  /** Stream id: later ones are greater. */
  readonly id: string;
  readonly result: unknown;
}

const lifetimeMs = 10_000;
const longestJson = 65_536;
const evaluationsKept = 1_000;

export class StatusBoard {
  readonly #client: RedisClient;
  readonly #keys: RunKeys;
  readonly #clock: Clock;
  #listening: RedisClient | null = null;

  constructor(client: RedisClient, keys: RunKeys, clock: Clock = systemClock) {
    this.#client = client;
    this.#keys = keys;
    this.#clock = clock;
  }

  /** Shows `fields` for 10 s. @throws WireFormatError if they are over 64 KiB as JSON; TransportError */
  async publish(role: string, id: string, fields: unknown): Promise<void> {
    const now = this.#clock.now();
    const text = stringify({ role, id, atMs: now, fields });
    const key = this.#keys.status(role, id);
    await this.#client.transaction((multi) =>
      multi
        .set(key, text, 'PX', lifetimeMs)
        .zadd(this.#keys.statusIndex, now + lifetimeMs, key)
        .zremrangebyscore(this.#keys.statusIndex, '-inf', String(now - 6 * lifetimeMs)),
    );
  }

  /** Takes a process's status away before its lifetime is over. @throws TransportError */
  async remove(role: string, id: string): Promise<void> {
    const key = this.#keys.status(role, id);
    await this.#client.transaction((multi) => multi.del(key).zrem(this.#keys.statusIndex, key));
  }

  /** All living processes, by role, then id. Entries that are not ours are left out. @throws TransportError */
  async read(): Promise<readonly ProcessStatus[]> {
    const statuses = await this.#client.run<(string | null)[]>(async (redis) => {
      const keys = await redis.zrange(this.#keys.statusIndex, 0, '-1');
      return keys.length === 0 ? [] : redis.mget(keys);
    });
    return statuses
      .map(parseStatus)
      .filter((status) => status !== null)
      .sort((a, b) => a.role.localeCompare(b.role) || a.id.localeCompare(b.id, undefined, { numeric: true }));
  }

  /** Asks every process of the run to stop, now and when it starts. @throws TransportError */
  async requestStop(reason: string): Promise<void> {
    await this.#client.transaction((multi) => multi.set(this.#keys.stop, reason).publish(this.#keys.controlChannel, reason));
  }

  /** Takes the wish to stop back: a resumed run begins with it. @throws TransportError */
  async clearStop(): Promise<void> {
    await this.#client.run((redis) => redis.del(this.#keys.stop));
  }

  /** Why the run is to stop, or null. @throws TransportError */
  async stopRequested(): Promise<string | null> {
    return this.#client.run((redis) => redis.get(this.#keys.stop));
  }

  /** Calls `listener` once the run is to stop, at once if it is already. @throws TransportError */
  async onStop(listener: (reason: string) => void): Promise<void> {
    this.#listening ??= await this.#client.forBlocking('control');
    const look = async (): Promise<void> => {
      const reason = await this.stopRequested();
      if (reason !== null) listener(reason);
    };
    await this.#listening.subscribe(this.#keys.controlChannel, listener);
    this.#listening.onReconnect(() => void look().catch(() => undefined));
    await look();
  }

  /** Appends an evaluation's result; the newest 1,000 are kept. @throws WireFormatError if it is over 64 KiB as JSON; TransportError */
  async addEvaluation(result: unknown): Promise<string> {
    const text = stringify(result);
    const id = await this.#client.run((redis) => redis.xadd(this.#keys.evaluations, 'MAXLEN', '~', evaluationsKept, '*', 'json', text));
    return id ?? '0-0';
  }

  /** Evaluation results after `afterId`, oldest first. @throws TransportError */
  async evaluations(afterId = '0-0'): Promise<readonly StoredEvaluation[]> {
    const entries = await this.#client.run((redis) => redis.xrange(this.#keys.evaluations, `(${afterId}`, '+'));
    return entries.map(([id, fields]) => ({ id, result: parse(fields[1] ?? null) }));
  }

  /** Ends the listening connection. */
  close(): void {
    this.#listening?.abort();
  }
}

function stringify(value: unknown): string {
  const text = JSON.stringify(value);
  if (text.length > longestJson) throw new WireFormatError(`a status must be at most ${longestJson} characters of JSON, got ${text.length}`);
  return text;
}

function parse(text: string | null): unknown {
  if (text === null || text.length > longestJson) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function parseStatus(text: string | null): ProcessStatus | null {
  const value = parse(text);
  if (typeof value !== 'object' || value === null) return null;
  const { role, id, atMs, fields } = value as Record<string, unknown>;
  return typeof role === 'string' && typeof id === 'string' && typeof atMs === 'number' ? { role, id, atMs, fields } : null;
}
