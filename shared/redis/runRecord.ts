/**
 * @file What a run is, published by its learner for all who join: the configuration and the reward's scale. An actor or
 * evaluator needs the Redis address and the run's name, nothing else.
 */
import { TransportError, WireFormatError } from '../errors.js';
import type { RedisClient } from './client.js';
import type { RunKeys } from './keys.js';

/** JSON as it was published; the reader validates the configuration against the schema. */
export interface RunRecord {
  readonly config: unknown;
  readonly configHash: string;
  /** `RewardShaping` of the decision process. */
  readonly shaping: unknown;
}

export async function publishRunRecord(client: RedisClient, keys: RunKeys, record: RunRecord): Promise<void> {
  const text = JSON.stringify(record);
  await client.transaction((multi) => multi.set(keys.record, text).xadd(keys.recordReady, 'MAXLEN', 1, '*', 'hash', record.configHash));
}

/** Waits until the learner has published it. @throws TransportError if `signal` fires first; WireFormatError if it is none */
export async function awaitRunRecord(client: RedisClient, keys: RunKeys, signal: AbortSignal): Promise<RunRecord> {
  const waiting = await client.forBlocking('record');
  const stop = (): void => waiting.abort();
  signal.addEventListener('abort', stop, { once: true });
  try {
    let text = await client.run((redis) => redis.get(keys.record));
    while (text === null && !signal.aborted) {
      await waiting.run((redis) => redis.xread('BLOCK', Math.min(5_000, waiting.maxBlockMs), 'STREAMS', keys.recordReady, '0'));
      text = await client.run((redis) => redis.get(keys.record));
    }
    if (text === null) throw new TransportError('the learner must publish the run, and the wait for it was ended');
    return parseRunRecord(text);
  } finally {
    signal.removeEventListener('abort', stop);
    waiting.abort();
  }
}

function parseRunRecord(text: string): RunRecord {
  try {
    const { config, configHash, shaping } = JSON.parse(text) as Partial<RunRecord>;
    if (typeof configHash === 'string' && config !== undefined && shaping !== undefined) return { config, configHash, shaping };
  } catch (cause) {
    throw new WireFormatError('a run\'s record must be JSON, and is not', cause);
  }
  throw new WireFormatError('a run\'s record must hold config, configHash and shaping, and does not');
}
