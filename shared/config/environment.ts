/** @file The one reader of the process environment. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Environment {
  /** REDIS_URL; null starts a private Redis. */
  readonly redisUrl: string | null;
  /** ARCHWALK_DATA, default ~/.cache/archwalk. */
  readonly dataFolder: string;
  /** ARCHWALK_RUNS, default ./runs. */
  readonly runsFolder: string;
  /** ARCHWALK_RUN: the run a service belongs to, where no flag says it. */
  readonly run: string | null;
  /** ARCHWALK_ID: this process's own name in logs and metrics, where the orchestrator gives one. */
  readonly id: string | null;
}

export function readEnvironment(source: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const text = (name: string): string | null => (source[name] === undefined || source[name] === '' ? null : source[name]);
  return {
    redisUrl: text('REDIS_URL'),
    dataFolder: resolve(text('ARCHWALK_DATA') ?? join(homedir(), '.cache', 'archwalk')),
    runsFolder: resolve(text('ARCHWALK_RUNS') ?? 'runs'),
    run: text('ARCHWALK_RUN'),
    id: text('ARCHWALK_ID'),
  };
}

/** The environment a child process is started with: this one's, with `overrides`. */
export function childEnvironment(overrides: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...overrides };
}
