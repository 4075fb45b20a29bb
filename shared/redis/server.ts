/**
 * @file A private Redis on a unix socket in the run's folder, for runs on one machine; where REDIS_URL is given, none is
 * started. It is a process group of its own, so that Ctrl-C reaches archwalk first and Redis is stopped last. A server that an
 * earlier, killed archwalk left behind in the same folder is taken over.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, TransportError } from '../errors.js';
import { depsRoot } from '../paths.js';
import { connectRedis } from './client.js';

export interface StartRedisOptions {
  /** A server that runs already; null starts one. */
  readonly url: string | null;
  /** Where the private server keeps its socket, log and append-only file. */
  readonly folder: string;
  /** When the append-only file reaches the disk; `no` keeps none. Default everysec. */
  readonly appendFsync?: 'no' | 'everysec' | 'always';
  /** maxmemory; default 0, no bound. */
  readonly maxMemoryBytes?: number;
  /** Path of the program; default: found. */
  readonly program?: string;
}

export interface RedisServer {
  readonly url: string;
  /** Of the private server; null for one that was given. */
  readonly pid: number | null;
  /** Ends the private server, its data written; does nothing to one that was given. */
  stop(): Promise<void>;
}

const PROGRAMS = ['redis-server', 'valkey-server'] as const;
/** sun_path holds 108 bytes with its end. */
const longestSocketPath = 100;
const startMs = 120_000;
const stopMs = 20_000;

/** The Redis server program: on the PATH, else set-up's. @throws ConfigError with the remedy */
export function findRedisServer(): string {
  const candidates = [...PROGRAMS, join(depsRoot, 'redis', 'redis-server')];
  const found = candidates.find((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0);
  if (found === undefined) throw new ConfigError('a Redis server must be at hand, and neither redis-server nor valkey-server is on the PATH: run make setup, apt-get install redis-server, or set REDIS_URL');
  return found;
}

/** @throws ConfigError, TransportError in one line */
export async function startRedis(options: StartRedisOptions): Promise<RedisServer> {
  if (options.url !== null) return { url: options.url, pid: null, stop: async () => undefined };
  mkdirSync(options.folder, { recursive: true });
  const socket = socketPath(options.folder);
  const url = `unix://${socket}`;
  const left = await adoptable(url, join(options.folder, 'redis.pid'));
  if (left !== null) return { url, pid: left, stop: () => stopByPid(left) };
  rmSync(socket, { force: true });
  const child = spawn(options.program ?? findRedisServer(), serverArguments(options, socket), { cwd: options.folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  await untilReady(child, options.folder);
  writeFileSync(join(options.folder, 'redis.pid'), String(child.pid));
  return { url, pid: child.pid ?? null, stop: () => stopChild(child) };
}

function socketPath(folder: string): string {
  const inFolder = join(folder, 'redis.sock');
  if (Buffer.byteLength(inFolder) <= longestSocketPath) return inFolder;
  const short = join(tmpdir(), `archwalk-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`);
  mkdirSync(short, { recursive: true, mode: 0o700 });
  return join(short, 'redis.sock');
}

function serverArguments(options: StartRedisOptions, socket: string): string[] {
  const fsync = options.appendFsync ?? 'everysec';
  const settings: readonly (readonly [string, string])[] = [
    ['port', '0'],
    ['unixsocket', socket],
    ['unixsocketperm', '700'],
    ['dir', options.folder],
    ['daemonize', 'no'],
    ['save', ''],
    ['appendonly', fsync === 'no' ? 'no' : 'yes'],
    ['appendfsync', fsync === 'no' ? 'everysec' : fsync],
    ['maxmemory', String(options.maxMemoryBytes ?? 0)],
    ['maxmemory-policy', 'noeviction'],
  ];
  return settings.flatMap(([name, value]) => [`--${name}`, value]);
}

function untilReady(child: ChildProcess, folder: string): Promise<void> {
  const log = join(folder, 'redis.log');
  return new Promise((resolve, reject) => {
    let lastLine = '';
    let settled = false;
    const settle = (error: TransportError | null): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      if (error === null) resolve();
      else reject(error);
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      settle(new TransportError(`redis-server must be ready within ${startMs / 1000} s, and is not; its log is ${log}`));
    }, startMs);
    const onData = (data: Buffer): void => {
      const text = data.toString('utf8');
      lastLine = text.trim().split('\n').at(-1) ?? lastLine;
      if (existsSync(folder)) appendFileSync(log, text);
      if (/ready to accept connections/i.test(text)) settle(null);
    };
    child.stdout?.on('data', onData);
    child.stderr?.on('data', onData);
    child.once('error', (cause) => settle(new TransportError(`redis-server must start, and cannot: ${cause.message}`, cause)));
    child.once('exit', (code, signal) => settle(new TransportError(`redis-server must start, and ended with ${signal ?? code}: ${lastLine} (log: ${log})`)));
  });
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
  await ended;
  clearTimeout(timer);
}

/** The process id of a server that answers at `url` and is the one the pid file names; else null. */
async function adoptable(url: string, pidFile: string): Promise<number | null> {
  if (!existsSync(pidFile) || !existsSync(url.slice('unix://'.length))) return null;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  try {
    const client = await connectRedis({ url, name: 'adopt', connectMs: 1_000 });
    const info = await client.run((redis) => redis.info('server'));
    await client.close();
    return /^process_id:(\d+)/m.exec(info)?.[1] === String(pid) ? pid : null;
  } catch (error) {
    if (error instanceof TransportError) return null;
    throw error;
  }
}

/** Ends a server that is not our child: SHUTDOWN by signal, then waits for its connection to close. */
async function stopByPid(pid: number): Promise<void> {
  process.kill(pid, 'SIGTERM');
  for (let waitedMs = 0; waitedMs < stopMs; waitedMs += 50) {
    if (!isAlive(pid)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  process.kill(pid, 'SIGKILL');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
