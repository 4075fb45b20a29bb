/**
 * @file Docker for the tests: the engine that runs, else one of our own started for the test (root only); the base images from the
 * registry, else from the script named by ARCHWALK_BASE_IMAGES (for hosts that no registry answers).
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../shared/paths.js';

export const BASE_IMAGES = ['node:20-bookworm-slim', 'redis:7-bookworm', 'prom/prometheus:v2.42.0'] as const;

export interface Engine {
  /** Runs `docker ARGS`. @returns its standard output @throws if it fails */
  docker(args: readonly string[], environment?: Readonly<Record<string, string>>): string;
  /** Runs compose, the plugin or docker-compose 1.29, as above. */
  compose(args: readonly string[], environment?: Readonly<Record<string, string>>): string;
  /** Both streams of a container's log. */
  log(container: string): string;
  stop(): Promise<void>;
}

/** @throws Error that says what is missing */
export async function openEngine(): Promise<Engine> {
  const program = process.env['DOCKER'] ?? 'docker';
  if (spawnSync(program, ['--version']).status !== 0) throw new Error('docker is missing: apt-get install docker.io docker-compose');
  let own: OwnDaemon | null = null;
  if (spawnSync(program, ['info']).status !== 0) own = await startDaemon(program);
  const base = { ...process.env, ...(own === null ? {} : { DOCKER_HOST: own.host }) };
  const run = (command: readonly string[], environment: Readonly<Record<string, string>> = {}): string => {
    const [name = '', ...args] = command;
    const result = spawnSync(name, args, { cwd: packageRoot, env: { ...base, ...environment }, encoding: 'utf8', maxBuffer: 64_000_000 });
    if (result.status !== 0) throw new Error(`${command.join(' ')} ended with ${result.status ?? result.signal ?? String(result.error)}:\n${`${result.stdout}${result.stderr}`.slice(-4_000)}`);
    return result.stdout;
  };
  const plugin = spawnSync(program, ['compose', 'version'], { env: base }).status === 0;
  if (!plugin && spawnSync('docker-compose', ['--version']).status !== 0) throw new Error('compose is missing: apt-get install docker-compose');
  const composeCommand = plugin ? [program, 'compose'] : ['docker-compose'];
  return {
    docker: (args, environment) => run([program, ...args], environment),
    compose: (args, environment) => run([...composeCommand, ...args], environment),
    log: (container) => {
      const { stdout, stderr } = spawnSync(program, ['logs', container], { env: base, encoding: 'utf8', maxBuffer: 64_000_000 });
      return stdout + stderr;
    },
    stop: async () => own?.stop(),
  };
}

/** Sees that the base images are there. @throws Error naming the one that cannot be had */
export function provideBaseImages(engine: Engine): void {
  const script = process.env['ARCHWALK_BASE_IMAGES'] ?? '';
  for (const image of BASE_IMAGES) {
    if (succeeds(() => engine.docker(['image', 'inspect', image])) || succeeds(() => engine.docker(['pull', image]))) continue;
    if (script === '') throw new Error(`${image} can be pulled from no registry: set ARCHWALK_BASE_IMAGES to a script that makes the base images`);
    const info = engine.docker(['info', '--format', '{{.DockerRootDir}}']);
    const result = spawnSync('bash', [script], { encoding: 'utf8', env: { ...process.env, ...daemonEnvironment() } });
    if (result.status !== 0) throw new Error(`${script} failed (engine at ${info.trim()}): ${result.stderr.slice(-2_000)}`);
  }
}

function succeeds(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

interface OwnDaemon {
  readonly host: string;
  stop(): Promise<void>;
}

let ownHost: string | null = null;
const daemonEnvironment = (): Record<string, string> => (ownHost === null ? {} : { DOCKER_HOST: ownHost });

async function startDaemon(program: string): Promise<OwnDaemon> {
  if (process.getuid?.() !== 0 || spawnSync('dockerd', ['--version']).status !== 0) throw new Error('no Docker engine answers, and one can be started by root only: systemctl start docker');
  const folder = mkdtempSync(join(tmpdir(), 'archwalk-docker-'));
  const host = `unix://${join(folder, 'docker.sock')}`;
  const daemon = spawn('dockerd', ['--data-root', join(folder, 'root'), '--exec-root', join(folder, 'exec'), '-p', join(folder, 'pid'), '-H', host], { stdio: 'ignore' });
  for (let waitedMs = 0; spawnSync(program, ['info'], { env: { ...process.env, DOCKER_HOST: host } }).status !== 0; waitedMs += 500) {
    if (daemon.exitCode !== null || waitedMs > 60_000) throw new Error('dockerd does not start here');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  ownHost = host;
  return { host, stop: () => stopDaemon(daemon, folder) };
}

async function stopDaemon(daemon: ChildProcess, folder: string): Promise<void> {
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.kill('SIGTERM');
  await ended;
  ownHost = null;
  rmSync(folder, { recursive: true, force: true });
}
