/** @file A real run to hurt: Redis (append-only file, fsync always) behind a proxy, learner, two actors and evaluator as processes, a small disk for the checkpoints. */
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ServiceEvent, Supervisor } from '../../services/cli/supervisor.js';
import { resolveConfig } from '../../shared/config/resolve.js';
import { type RunFolder, createRunFolder, runFolder, writeWhole } from '../../shared/config/runFolder.js';
import type { Config } from '../../shared/config/schema.js';
import { packageRoot } from '../../shared/paths.js';
import { type RedisServer, startRedis } from '../../shared/redis/server.js';
import { SmallDisk } from './disk.js';
import { Proxy } from './proxy.js';

/** A connection without an answer for this long is dead; a blocking one after three times this. */
const silentMs = 2_000;
/** Longer than every timeout of the run: three times `silentMs`, and both leases. */
export const longPauseMs = 7_000;

/** Settings of a run in which a connection, a lease and a checkpoint do not take long. */
export const hasty = ['actor.processes=2', 'learner.checkpointPeriodSeconds=1', 'redis.learnerLeaseSeconds=1.5', 'redis.actorLeaseSeconds=3'] as const;

/** The smallest network that still trains, a replay that wraps around, and no end. */
export const small = [
  ...hasty,
  'agent.width=16', 'agent.layers=1', 'agent.heads=2', 'learner.batchSize=64', 'learner.warmUpTransitions=512', 'learner.samplesPerInsert=4', 'learner.steps=1000000', 'learner.minutes=0',
  'learner.publishPeriod=5', 'learner.evaluationPeriodSeconds=5', 'replay.capacity=5000', 'actor.environments=16', 'actor.sendTransitions=64',
  'mdp.neighbours=24', 'mdp.shapingSamples=500',
] as const;

/** What a process may say and end with, to be started again: Redis was away at its start, or the disk was full at its end. */
const excuse = /^archwalk: (Redis must|a checkpoint (needs room|must be written))/;

export const services = ['learner', 'actor-0', 'actor-1', 'evaluator'] as const;
export type ServiceName = (typeof services)[number];

/** What the newest checkpoint's manifest says. */
export interface Saved {
  readonly path: string;
  readonly step: number;
  readonly state: { readonly limiter: { readonly inserts: number }; readonly stream: { readonly lastId: string } };
}

export class System {
  readonly folder: RunFolder;
  readonly config: Config;
  readonly proxy: Proxy;
  readonly disk: SmallDisk | null;
  /** Services that ended by themselves and without excuse, with their last log lines. */
  readonly fell: string[] = [];
  /** Starts of each service. */
  readonly starts = new Map<string, number>();
  /** The learner's exit code, once it has ended for good. */
  learnerCode: number | null = null;
  readonly #dataFolder: string | null;
  #redis: RedisServer;
  #redisDown = false;
  readonly #pids = new Map<string, number>();
  #supervisor: Supervisor;

  private constructor(folder: RunFolder, config: Config, redis: RedisServer, proxy: Proxy, disk: SmallDisk | null, dataFolder: string | null) {
    this.#dataFolder = dataFolder;
    this.folder = folder;
    this.config = config;
    this.#redis = redis;
    this.proxy = proxy;
    this.disk = disk;
    this.#supervisor = this.#newSupervisor();
  }

  static async start(root: string, assignments: readonly string[], dataFolder: string | null = null): Promise<System> {
    const folder = runFolder(root);
    const config = resolveConfig({ assignments });
    createRunFolder(folder, config);
    mkdirSync(folder.redis, { recursive: true });
    const disk = SmallDisk.mount(folder.checkpoints, 64);
    const redis = await startRedis({ url: null, folder: folder.redis, appendFsync: 'always' });
    const system = new System(folder, config, redis, await Proxy.listen(redis.url.slice('unix://'.length)), disk, dataFolder);
    void system.#startServices();
    return system;
  }

  /** Redis itself, past the proxy. */
  get redisUrl(): string {
    return this.#redis.url;
  }

  isUp(name: ServiceName): boolean {
    return this.#pids.has(name);
  }

  kill(name: ServiceName): void {
    this.#signal(this.#pids.get(name), 'SIGKILL');
  }

  /** Stops a process or Redis for a while. */
  async pause(name: ServiceName | 'redis', milliseconds: number): Promise<void> {
    const pid = name === 'redis' ? this.#redis.pid : this.#pids.get(name);
    this.#signal(pid, 'SIGSTOP');
    await wait(milliseconds);
    this.#signal(pid, 'SIGCONT');
  }

  /** Kills Redis, and starts it again after a while. */
  async killRedis(downMs: number): Promise<void> {
    if (this.#redisDown) return;
    this.#redisDown = true;
    this.#signal(this.#redis.pid, 'SIGKILL');
    await wait(downMs);
    this.#redis = await startRedis({ url: null, folder: this.folder.redis, appendFsync: 'always' });
    this.#redisDown = false;
  }

  /** Keeps the checkpoints' disk full for a while, whatever is removed from it meanwhile. */
  async fillDisk(milliseconds: number): Promise<void> {
    for (let waited = 0; waited < milliseconds; waited += 250) {
      this.disk?.fill();
      await wait(250);
    }
    this.disk?.free();
  }

  /** Stops the run as Ctrl-C would. */
  async stop(): Promise<void> {
    await this.#supervisor.stop(services.filter((name) => name !== 'learner'), 15_000);
    await this.#supervisor.stop(['learner'], 60_000);
  }

  /** Goes on from the newest checkpoint to `steps` learner steps. @returns the learner's exit code */
  async resume(steps: number): Promise<number> {
    writeWhole(this.folder.config, JSON.stringify({ ...this.config, learner: { ...this.config.learner, steps } }));
    this.#supervisor = this.#newSupervisor();
    const code = await this.#startServices();
    await this.stop();
    return code;
  }

  saved(): Saved {
    const [newest = ''] = readdirSync(this.folder.checkpoints).filter((name) => /^\d/.test(name)).sort((a, b) => b.localeCompare(a, undefined, { numeric: true }));
    const path = join(this.folder.checkpoints, newest);
    return { path, ...(JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')) as Omit<Saved, 'path'>) };
  }

  async close(): Promise<void> {
    await this.stop();
    await this.proxy.close();
    await this.#redis.stop();
    this.disk?.unmount();
  }

  #startServices(): Promise<number> {
    this.learnerCode = null;
    const [learner = Promise.resolve(-1)] = services.map((name) => this.#supervisor.start(this.#spec(name)));
    return learner.then((code) => (this.learnerCode = code));
  }

  /** 1,000 restarts in a row: a service that is killed in its first seconds again and again is not at fault. */
  #newSupervisor(): Supervisor {
    return new Supervisor(this.folder.logs, (event) => this.#onEvent(event), 1_000);
  }

  #onEvent(event: ServiceEvent): void {
    if (event.kind === 'started') {
      this.#pids.set(event.name, event.pid);
      this.starts.set(event.name, (this.starts.get(event.name) ?? 0) + 1);
      return;
    }
    this.#pids.delete(event.name);
    const how = event.kind === 'crashed' ? event.how : `exit ${event.code}`;
    const isExpected = how === 'SIGKILL' || how === 'exit 0' || how === 'exit 130' || (how === 'exit 1' && event.lastLines.some((line) => excuse.test(line)));
    if (!isExpected) this.fell.push(`${event.name} ended by ${how}: ${event.lastLines.join(' | ')}`);
  }

  #spec(name: ServiceName): Parameters<Supervisor['start']>[0] {
    return {
      name, script: join(packageRoot, 'dist', 'services', name.replace(/-\d+$/, ''), 'main.js'), arguments: ['--run', this.folder.root],
      environment: { REDIS_URL: this.proxy.url, ARCHWALK_ID: name, ARCHWALK_REDIS_SILENT_MS: String(silentMs), ...(this.#dataFolder === null ? {} : { ARCHWALK_DATA: this.#dataFolder }) },
    };
  }

  #signal(pid: number | null | undefined, signal: NodeJS.Signals): void {
    try {
      if (pid !== null && pid !== undefined) process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
