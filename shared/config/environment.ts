/** @file The one reader of the process environment. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError } from '../errors.js';

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
  /** ARCHWALK_REDIS_SILENT_MS: milliseconds after which a connection to Redis without an answer is taken for dead, default 15,000. */
  readonly redisSilentMs: number;
}

/** @throws ConfigError if ARCHWALK_REDIS_SILENT_MS is no number of milliseconds from 100 to 3,600,000 */
export function readEnvironment(source: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const text = (name: string): string | null => (source[name] === undefined || source[name] === '' ? null : source[name]);
  return {
    redisUrl: text('REDIS_URL'),
    dataFolder: resolve(text('ARCHWALK_DATA') ?? join(homedir(), '.cache', 'archwalk')),
    runsFolder: resolve(text('ARCHWALK_RUNS') ?? 'runs'),
    run: text('ARCHWALK_RUN'),
    id: text('ARCHWALK_ID'),
    redisSilentMs: milliseconds('ARCHWALK_REDIS_SILENT_MS', text('ARCHWALK_REDIS_SILENT_MS'), 15_000),
  };
}

function milliseconds(name: string, text: string | null, fallback: number): number {
  const value = text === null ? fallback : Number(text);
  if (!(value >= 100 && value <= 3_600_000)) throw new ConfigError(`${name} must be in 100..3,600,000 milliseconds, got ${JSON.stringify(text)}`);
  return value;
}

/** The environment a child process is started with: this one's, with `overrides`. */
export function childEnvironment(overrides: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...overrides };
}
