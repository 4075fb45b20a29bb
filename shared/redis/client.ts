/**
 * @file The one place that opens connections to Redis. A client reconnects for as long as it lives, with growing and jittered
 * pauses; a command waits for at most some 40 s of that, then fails as a TransportError that the caller may repeat. Nothing is buffered
 * without bound: every caller awaits its command. Commands whose reply was lost are sent again, so every script of ours is
 * safe to run twice.
 */
import { Redis, type ChainableCommander, type RedisOptions } from 'ioredis';
import { systemClock } from '../clock.js';
import { ConfigError, TransportError } from '../errors.js';
import { Rng } from '../rng.js';
import { redisError } from './redisErrors.js';
import { parseRedisUrl, redactUrl } from './redisUrl.js';
import { SCRIPT_KEYS, SCRIPT_NAMES, scriptSource, type ScriptName } from './scripts.js';

const defaultSilentMs = 15_000;
const longestPauseMs = 2_000;
const longestGoodbyeMs = 2_000;
const retriesPerCommand = 25;

export interface ConnectOptions {
  readonly url: string;
  /** Shown by CLIENT LIST: role and id. */
  readonly name: string;
  /** True for a connection that waits in XREAD BLOCK or listens. */
  readonly blocking?: boolean;
  /** A connection on which an answer is awaited this long is taken for dead; one that waits in BLOCK, this long after its longest BLOCK. Default 15 s. */
  readonly silentMs?: number;
  /** How long to keep trying at first; default 10 s. */
  readonly connectMs?: number;
  /** Told one line at each loss and return of the connection. */
  readonly onEvent?: (line: string) => void;
}

/** What the server says of itself. */
export interface RedisFacts {
  readonly version: string;
  /** 0: no bound. */
  readonly maxmemoryBytes: number;
  readonly maxmemoryPolicy: string;
  readonly appendOnly: boolean;
}

/** Settings as the client library takes them. */
export type RedisSettings = Omit<RedisOptions, 'replyMapping'>;

export type ScriptArgument = string | number | Uint8Array;

export class RedisClient {
  readonly #options: ConnectOptions;
  readonly #redis: Redis;
  #facts: RedisFacts | null = null;
  #reconnects = 0;
  #up = false;
  #ended = false;
  #lastError: unknown = null;
  /** How to fail what is under way: the library leaves commands hanging that wait for a connection which is ended before it is back. */
  readonly #running = new Set<(error: Error) => void>();

  /** Use `connectRedis`. */
  constructor(options: ConnectOptions) {
    this.#options = options;
    this.#redis = new Redis(redisOptions(options));
    for (const name of SCRIPT_NAMES) this.#redis.defineCommand(name, { lua: scriptSource(name), numberOfKeys: SCRIPT_KEYS[name] });
    this.#redis.on('error', (error: unknown) => (this.#lastError = error));
    this.#redis.on('ready', () => this.#onReady());
    this.#redis.on('close', () => this.#onClose());
  }

  /** The address, without its password. */
  get address(): string {
    return redactUrl(this.#options.url);
  }

  /** Longest BLOCK to wait in. */
  get maxBlockMs(): number {
    return longestBlockMs(this.#options.silentMs);
  }

  /** How often the connection was lost and came back. */
  get reconnects(): number {
    return this.#reconnects;
  }

  get facts(): RedisFacts {
    if (this.#facts === null) throw new TransportError(`Redis must have been reached once, and was not (${this.address})`);
    return this.#facts;
  }

  /** Waits until the server answers and checks its version. @throws ConfigError, TransportError in one line */
  async connect(): Promise<void> {
    try {
      await this.#firstReady();
      this.#facts = readFacts(await this.#redis.info());
    } catch (error) {
      this.#redis.disconnect();
      throw redisError(error, this.address);
    }
    if (!isAtLeast62(this.#facts.version)) {
      this.#redis.disconnect();
      throw new ConfigError(`Redis must be at least 6.2, got ${this.#facts.version} (${this.address})`);
    }
  }

  /** Runs commands on the connection. @throws TransportError or ConfigError that says what to do; TransportError once the connection is ended */
  async run<T>(commands: (redis: Redis) => Promise<T>): Promise<T> {
    if (this.#ended) throw new TransportError(`a connection to Redis must be open, and this one was ended on this side (${this.address})`);
    let fail = (_error: Error): void => undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        fail = reject;
        this.#running.add(reject);
        commands(this.#redis).then(resolve, reject);
      });
    } catch (error) {
      throw redisError(error, this.address);
    } finally {
      this.#running.delete(fail);
    }
  }

  /**
   * Runs commands as one transaction: all or none. Where the connection was cut in the midst of it, it is sent again, so the commands must bear
   * being run twice. @throws as `run`, also where a single command failed
   */
  async transaction(commands: (multi: ChainableCommander) => ChainableCommander): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.run(async (redis) => {
          for (const [error] of (await commands(redis.multi()).exec()) ?? []) if (error !== null) throw error;
        });
      } catch (error) {
        if (attempt === retriesPerCommand || !wasCutOff(error)) throw error;
      }
    }
  }

  /** Runs one of the Lua scripts. @throws as `run` */
  async script(name: ScriptName, keys: readonly string[], values: readonly ScriptArgument[]): Promise<unknown> {
    const command = Reflect.get(this.#redis, name) as (...args: readonly ScriptArgument[]) => Promise<unknown>;
    return this.run((redis) => command.apply(redis, [...keys, ...values]));
  }

  /** A connection of its own to the same server, for waiting in. @throws as `connect` */
  async forBlocking(what: string): Promise<RedisClient> {
    return connectRedis({ ...this.#options, name: `${this.#options.name}:${what}`, blocking: true });
  }

  /** Calls `listener` with each message on `channel`; the connection then serves nothing else. */
  async subscribe(channel: string, listener: (message: string) => void): Promise<void> {
    this.#redis.on('message', (from: string, message: string) => {
      if (from === channel) listener(message);
    });
    await this.run((redis) => redis.subscribe(channel));
  }

  /** Milliseconds of one round trip. */
  async pingMs(): Promise<number> {
    const start = systemClock.monotonic();
    await this.run((redis) => redis.ping());
    return systemClock.monotonic() - start;
  }

  /** Calls `listener` whenever a lost connection is back. */
  onReconnect(listener: () => void): void {
    this.#redis.on('ready', () => {
      if (this.#reconnects > 0) listener();
    });
  }

  /** Ends after the commands under way; a waiting XREAD is cut off instead. */
  async close(): Promise<void> {
    if (this.#options.blocking === true || this.#redis.status !== 'ready') return this.abort();
    this.#up = false;
    const timer = setTimeout(() => this.abort(), longestGoodbyeMs);
    await this.run((redis) => redis.quit()).catch(() => undefined);
    clearTimeout(timer);
    this.abort();
  }

  /** Ends at once: what is under way fails. */
  abort(): void {
    this.#up = false;
    this.#ended = true;
    this.#redis.disconnect();
    for (const fail of this.#running) fail(new Error('the connection was ended on this side'));
  }

  #firstReady(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        clearTimeout(timer);
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const timer = setTimeout(() => fail(this.#lastError ?? new Error('no answer')), this.#options.connectMs ?? 10_000);
      this.#redis.once('ready', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#redis.on('error', (error: unknown) => {
        if (!redisError(error, '').retryable) fail(error);
      });
      this.#redis.connect().catch((error: unknown) => (this.#lastError ??= error));
    });
  }

  #onReady(): void {
    if (this.#facts !== null) {
      this.#reconnects++;
      this.#options.onEvent?.(`Redis is back (${this.address})`);
    }
    this.#up = true;
    this.#lastError = null;
  }

  #onClose(): void {
    if (this.#up) this.#options.onEvent?.(`the connection to Redis was lost (${this.address}); trying again`);
    this.#up = false;
  }
}

/** Connects and checks the server. @throws ConfigError, TransportError in one line with the remedy */
export async function connectRedis(options: ConnectOptions): Promise<RedisClient> {
  const client = new RedisClient(options);
  await client.connect();
  return client;
}

/** The connection settings used everywhere, also for libraries that open connections themselves. */
export function redisOptions({ url, name, blocking = false, silentMs = defaultSilentMs }: Pick<ConnectOptions, 'url' | 'name' | 'blocking' | 'silentMs'>): RedisSettings {
  const jitter = new Rng(process.pid ^ (performance.timeOrigin & 0x7fffffff)).split(name);
  return {
    ...parseRedisUrl(url),
    protocol: 2,
    connectionName: name.replace(/[^\w:.-]/g, '_'),
    lazyConnect: true,
    maxRetriesPerRequest: retriesPerCommand,
    socketTimeout: blocking ? longestBlockMs(silentMs) + silentMs : silentMs,
    retryStrategy: (times) => Math.min(longestPauseMs, 25 * 2 ** Math.min(times, 10)) * (0.5 + 0.5 * jitter.float()),
    reconnectOnError: (error) => /^READONLY/.test(error.message),
  };
}

function longestBlockMs(silentMs = defaultSilentMs): number {
  return 2 * silentMs;
}

/** Was this a transaction's piece whose connection went away, as the library says it? */
function wasCutOff(error: unknown): boolean {
  const { cause } = error as Error;
  return cause instanceof Error && (cause.name === 'AbortError' || /aborted due to connection close/i.test(cause.message));
}

function readFacts(info: string): RedisFacts {
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  return {
    version: field('redis_version'),
    maxmemoryBytes: Number(field('maxmemory') || 0),
    maxmemoryPolicy: field('maxmemory_policy'),
    appendOnly: field('aof_enabled') === '1',
  };
}

/** True for 6.2 and all after it. */
export function isAtLeast62(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 2);
}
