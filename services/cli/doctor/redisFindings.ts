/** @file The doctor's look at Redis: a real connection and a real write, to REDIS_URL's server or to a private one started for the look. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRedis, type RedisClient, type RedisFacts } from '../../../shared/redis/client.js';
import { redactUrl } from '../../../shared/redis/redisUrl.js';
import { findRedisServer, startRedis } from '../../../shared/redis/server.js';
import { failed, type Finding, messageOf, ok, warning } from './finding.js';

const NAME = 'Redis';

/** @param url REDIS_URL; null looks at the program that a run would start */
export async function redisFindings(url: string | null): Promise<Finding[]> {
  return url === null ? privateServer() : lookAt(url, `REDIS_URL ${redactUrl(url)}`);
}

async function privateServer(): Promise<Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), 'archwalk-doctor-'));
  try {
    const program = findRedisServer();
    const server = await startRedis({ url: null, folder, program });
    try {
      return await lookAt(server.url, program);
    } finally {
      await server.stop();
    }
  } catch (error) {
    return [failed(NAME, messageOf(error), 'run make setup, apt-get install redis-server, or set REDIS_URL')];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function lookAt(url: string, where: string): Promise<Finding[]> {
  let client: RedisClient;
  try {
    client = await connectRedis({ url, name: 'doctor', connectMs: 5_000 });
  } catch (error) {
    return [failed(NAME, `${where}: ${messageOf(error)}`, 'start it, correct REDIS_URL, or unset REDIS_URL for a private one')];
  }
  try {
    await client.run((redis) => redis.set(`archwalk:doctor:${process.pid}`, '1', 'PX', 1_000));
    const pingMs = await client.pingMs();
    return [ok(NAME, `${client.facts.version} at ${where}, takes writes, answers in ${pingMs.toFixed(1)} ms`), ...policyFindings(client.facts)];
  } catch (error) {
    return [failed(NAME, `${where} refuses a write: ${messageOf(error)}`, 'check its memory bound, its disk and that it is no read-only replica')];
  } finally {
    await client.close();
  }
}

/** What a server's settings mean for runs on it. */
export function policyFindings({ maxmemoryPolicy, maxmemoryBytes, appendOnly }: RedisFacts): Finding[] {
  const bound = maxmemoryBytes === 0 ? 'no memory bound' : `at most ${(maxmemoryBytes / 1e6).toFixed(0)} MB`;
  const policy =
    maxmemoryPolicy === 'noeviction' || maxmemoryBytes === 0
      ? ok('Redis memory', `${bound}, maxmemory-policy ${maxmemoryPolicy}`)
      : failed('Redis memory', `${bound}, maxmemory-policy ${maxmemoryPolicy}`, 'redis-cli config set maxmemory-policy noeviction, else it throws transitions, weights and jobs away when full');
  const persistence = appendOnly
    ? ok('Redis disk', 'append-only file')
    : warning('Redis disk', 'no append-only file', 'redis-cli config set appendonly yes, else its restart loses the transitions since the last checkpoint');
  return [policy, persistence];
}
