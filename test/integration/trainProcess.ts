/** @file `archwalk train` as a process, for tests: started from dist/, watched by its stderr, its services found by their command lines. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../shared/paths.js';

/** The smallest network that still trains, so that a test's minutes go to the processes. */
export const tinyRun = [
  '--set', 'agent.width=16', '--set', 'agent.layers=1', '--set', 'agent.heads=2', '--set', 'learner.batchSize=64', '--set', 'learner.warmUpTransitions=512',
  '--set', 'actor.environments=16', '--set', 'actor.sendTransitions=64', '--set', 'mdp.neighbours=24', '--set', 'mdp.shapingSamples=500', '--set', 'learner.publishPeriod=5',
  '--set', 'learner.checkpointPeriodSeconds=2', '--set', 'evaluation.seeds=4', '--set', 'evaluation.budgets=[10]',
] as const;

export class TrainProcess {
  readonly child: ChildProcess;
  stderr = '';
  stdout = '';
  readonly #exited: Promise<number | null>;

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [join(packageRoot, 'dist', 'services', 'cli', 'main.js'), 'train', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    this.child.stderr?.on('data', (data: Buffer) => (this.stderr += data.toString()));
    this.child.stdout?.on('data', (data: Buffer) => (this.stdout += data.toString()));
    this.#exited = new Promise((resolve) => this.child.once('close', (code) => resolve(code)));
  }

  /** Its exit code, once it has ended. */
  exit(): Promise<number | null> {
    return this.#exited;
  }

  /** Resolves once `condition` holds, looking every 50 ms. @throws if the process ends first or 120 s pass */
  async until(what: string, condition: () => boolean): Promise<void> {
    for (let waited = 0; !condition(); waited += 50) {
      if (this.child.exitCode !== null) throw new Error(`train ended with ${this.child.exitCode} before ${what}:\n${this.stderr}`);
      if (waited > 120_000) throw new Error(`${what} did not happen within 120 s:\n${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Process ids of a run's service, by /proc. */
export function servicePids(role: 'actor' | 'learner' | 'evaluator', runFolder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const words = commandLine(pid);
      return words.some((word) => word.endsWith(`services/${role}/main.js`)) && words.includes(runFolder);
    })
    .map(Number);
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** The parsed lines of a service's log that have a message with `text` in it. */
export function logLines(runFolder: string, service: string, text: string): Record<string, unknown>[] {
  return readFileSync(join(runFolder, 'logs', `${service}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes(text))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Learner steps by the newest line of metrics.jsonl, 0 before the first. */
export function learnerSteps(runFolder: string): number {
  try {
    const lines = readFileSync(join(runFolder, 'metrics.jsonl'), 'utf8').trim().split('\n');
    return (JSON.parse(lines.at(-1) ?? '{}') as { 'train/n_updates'?: number })['train/n_updates'] ?? 0;
  } catch {
    return 0;
  }
}
