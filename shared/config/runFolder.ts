/**
 * @file A run's folder and its lock. Layout: config.json, weights.safetensors, metrics.jsonl, tensorboard/, checkpoints/,
 * evaluation/, logs/, redis/.
 */
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError } from '../errors.js';
import { validateConfig } from './resolve.js';
import type { Config } from './schema.js';

export interface RunFolder {
  readonly root: string;
  readonly name: string;
  readonly config: string;
  readonly weights: string;
  readonly metrics: string;
  readonly tensorboard: string;
  readonly checkpoints: string;
  readonly evaluation: string;
  readonly logs: string;
  readonly redis: string;
}

/** @throws ConfigError unless the last part of `path` is 1..64 letters, digits, `.`, `_`, `-`, starting with a letter or digit */
export function runFolder(path: string): RunFolder {
  const root = resolve(path);
  const name = root.split('/').at(-1) ?? '';
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
    throw new ConfigError(`a run's name must be 1 to 64 letters, digits, ".", "_" or "-", starting with a letter or digit, got "${name}"`);
  }
  const at = (...parts: string[]): string => join(root, ...parts);
  return {
    root,
    name,
    config: at('config.json'),
    weights: at('weights.safetensors'),
    metrics: at('metrics.jsonl'),
    tensorboard: at('tensorboard'),
    checkpoints: at('checkpoints'),
    evaluation: at('evaluation'),
    logs: at('logs'),
    redis: at('redis'),
  };
}

/** Makes the folder and writes its configuration. @throws ConfigError if the folder already holds a run */
export function createRunFolder(folder: RunFolder, config: Config): void {
  if (existsSync(folder.config)) {
    throw new ConfigError(`a new run needs a folder of its own, and ${folder.root} already holds one: add --resume to go on with it, or choose another --run`);
  }
  for (const path of [folder.root, folder.logs, folder.checkpoints, folder.evaluation]) mkdirSync(path, { recursive: true });
  writeWhole(folder.config, `${JSON.stringify(config, null, 2)}\n`);
}

/** @throws ConfigError if there is no run, or its config.json is no configuration */
export function readRunConfig(folder: RunFolder): Config {
  let text: string;
  try {
    text = readFileSync(folder.config, 'utf8');
  } catch (cause) {
    throw new ConfigError(`--run must be the folder of a run, and ${folder.config} does not exist`, cause);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`${folder.config} must be JSON, and is damaged`, cause);
  }
  return validateConfig(parsed);
}

/** Writes a file whole or not at all: a temporary name, then a rename. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

/**
 * Takes the folder for this process (run.lock with its pid); a lock whose process is gone is taken over.
 * @returns the release
 * @throws ConfigError if a living process holds it
 */
export function lockRunFolder(folder: RunFolder): () => void {
  const path = join(folder.root, 'run.lock');
  const own = `${path}.${process.pid}`;
  mkdirSync(folder.root, { recursive: true });
  writeFileSync(own, String(process.pid));
  for (;;) {
    try {
      linkSync(own, path);
      rmSync(own);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = Number(readFileSync(path, 'utf8'));
      if (isAlive(holder)) {
        rmSync(own);
        throw new ConfigError(`the run folder must be free, and process ${holder} is using ${folder.root}`);
      }
      rmSync(path, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
