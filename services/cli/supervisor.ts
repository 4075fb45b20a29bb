/**
 * @file Starts the services of a local run as processes of their own, restarts those that die, keeps their last log lines
 * and stops them in order. A clean exit (0) is final; so is bad input (2), which ends the whole run. Services stand in process
 * groups of their own, so that Ctrl-C reaches this process alone; they stop by themselves when it is gone (the IPC channel closes).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { type WriteStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { childEnvironment } from '../../shared/config/environment.js';
import { EXIT } from '../../shared/errors.js';

export interface ServiceSpec {
  /** Unique, e.g. `actor-0`; also the log file's name. */
  readonly name: string;
  readonly script: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export type ServiceEvent =
  | { readonly kind: 'started'; readonly name: string; readonly pid: number }
  | { readonly kind: 'crashed'; readonly name: string; readonly how: string; readonly lastLines: readonly string[]; readonly restartMs: number }
  | { readonly kind: 'ended'; readonly name: string; readonly code: number; readonly lastLines: readonly string[] };

const lastLinesKept = 8;
const firstRestartMs = 500;
const longestRestartMs = 10_000;
/** A service that lived this long starts again without a delay held against it. */
const settledMs = 30_000;
const defaultRestartsInARow = 8;

class Service {
  readonly spec: ServiceSpec;
  readonly lastLines: string[] = [];
  child: ChildProcess | null = null;
  failures = 0;
  startedAt = 0;
  restart: NodeJS.Timeout | null = null;

  constructor(spec: ServiceSpec) {
    this.spec = spec;
  }
}

export class Supervisor {
  readonly #services = new Map<string, Service>();
  readonly #logsFolder: string;
  readonly #onEvent: (event: ServiceEvent) => void;
  readonly #restartsInARow: number;
  readonly #waiters = new Map<string, (code: number) => void>();
  readonly #stopping = new Set<string>();

  /** @param restartsInARow a service that died more often without having lived 30 s in between is not started again; default 8 */
  constructor(logsFolder: string, onEvent: (event: ServiceEvent) => void, restartsInARow = defaultRestartsInARow) {
    this.#logsFolder = logsFolder;
    this.#onEvent = onEvent;
    this.#restartsInARow = restartsInARow;
  }

  /** Starts a service. @returns its final exit code, once it will not be restarted */
  start(spec: ServiceSpec): Promise<number> {
    const service = new Service(spec);
    this.#services.set(spec.name, service);
    const ended = new Promise<number>((resolve) => this.#waiters.set(spec.name, resolve));
    this.#spawn(service);
    return ended;
  }

  /** SIGTERM to `names` at once, SIGKILL to those still there after `graceMs`. */
  async stop(names: readonly string[], graceMs: number): Promise<void> {
    await Promise.all(names.map((name) => this.#stopOne(name, graceMs)));
  }

  names(prefix = ''): string[] {
    return [...this.#services.keys()].filter((name) => name.startsWith(prefix));
  }

  async #stopOne(name: string, graceMs: number): Promise<void> {
    const service = this.#services.get(name);
    if (service === undefined) return;
    this.#stopping.add(name);
    if (service.restart !== null) {
      clearTimeout(service.restart);
      this.#finish(service, EXIT.failed);
    }
    const { child } = service;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await exited;
    clearTimeout(hard);
  }

  #spawn(service: Service): void {
    const { spec } = service;
    service.restart = null;
    service.startedAt = performance.now();
    const child = spawn(process.execPath, ['--enable-source-maps', spec.script, ...spec.arguments], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
      env: childEnvironment(spec.environment),
    });
    service.child = child;
    const log = createWriteStream(join(this.#logsFolder, `${spec.name}.jsonl`), { flags: 'a' });
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) this.#keepLines(service, stream, log);
    child.once('close', (code, signal) => {
      log.end();
      this.#exited(service, code, signal);
    });
    child.once('spawn', () => this.#onEvent({ kind: 'started', name: spec.name, pid: child.pid ?? 0 }));
  }

  #keepLines(service: Service, stream: NodeJS.ReadableStream, log: WriteStream): void {
    createInterface({ input: stream }).on('line', (line) => {
      log.write(`${line}\n`);
      service.lastLines.push(line);
      if (service.lastLines.length > lastLinesKept) service.lastLines.shift();
    });
  }

  #exited(service: Service, code: number | null, signal: NodeJS.Signals | null): void {
    const { name } = service.spec;
    const final = code ?? EXIT.failed;
    if (this.#stopping.has(name) || code === EXIT.done || code === EXIT.badInput) return this.#finish(service, final);
    service.failures = performance.now() - service.startedAt > settledMs ? 1 : service.failures + 1;
    if (service.failures > this.#restartsInARow) return this.#finish(service, final);
    const restartMs = Math.min(longestRestartMs, firstRestartMs * 2 ** (service.failures - 1));
    this.#onEvent({ kind: 'crashed', name, how: signal ?? `exit ${final}`, lastLines: [...service.lastLines], restartMs });
    service.restart = setTimeout(() => this.#spawn(service), restartMs);
  }

  #finish(service: Service, code: number): void {
    const { name } = service.spec;
    service.restart = null;
    this.#onEvent({ kind: 'ended', name, code, lastLines: [...service.lastLines] });
    this.#waiters.get(name)?.(code);
    this.#waiters.delete(name);
  }
}
