/** @file A real Redis for one test file, on a unix socket in a temporary folder, and keys that no other test uses. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { connectRedis, type RedisClient } from '../../../shared/redis/client.js';
import { runKeys, type RunKeys } from '../../../shared/redis/keys.js';
import { startRedis, type RedisServer, type StartRedisOptions } from '../../../shared/redis/server.js';

export interface RealRedis {
  readonly url: string;
  readonly client: RedisClient;
  /** Keys of a run of its own, at each call. */
  keys(): RunKeys;
  /** A further connection, closed with the others. */
  connect(name: string): Promise<RedisClient>;
}

/** Starts before the file's tests, stops after them. ARCHWALK_TEST_REDIS names another server program, e.g. a 6.2. */
export function realRedis(options: Partial<StartRedisOptions> = {}): RealRedis {
  const folder = mkdtempSync(join(tmpdir(), 'archwalk-test-'));
  const program = process.env['ARCHWALK_TEST_REDIS'];
  const clients: RedisClient[] = [];
  let server: RedisServer;
  let client: RedisClient;
  let runs = 0;
  const connect = async (name: string): Promise<RedisClient> => {
    const made = await connectRedis({ url: server.url, name });
    clients.push(made);
    return made;
  };
  beforeAll(async () => {
    server = await startRedis({ url: null, folder, appendFsync: 'no', ...(program === undefined ? {} : { program }), ...options });
    client = await connect('test');
  });
  afterAll(async () => {
    await Promise.all(clients.map((c) => c.close()));
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    get url() {
      return server.url;
    },
    get client() {
      return client;
    },
    keys: () => runKeys(`test-${++runs}`),
    connect,
  };
}
