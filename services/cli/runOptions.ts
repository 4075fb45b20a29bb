/** @file The flags that describe a new run, shared by `train` and `prepare`, and the configuration they make. */
import { existsSync, readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import type { PartialConfig, PresetName } from '../../shared/config/presets.js';
import { resolveConfig } from '../../shared/config/resolve.js';
import type { Config } from '../../shared/config/schema.js';
import { ConfigError } from '../../shared/errors.js';
import { type BenchmarkOptions, benchmarkAssignments } from './benchmarkOptions.js';
import { assignmentsFrom } from './optionParsers.js';

export interface RunOptions extends BenchmarkOptions {
  readonly preset?: string;
  readonly actors?: number;
  readonly minutes?: number;
  readonly learnerSteps?: number;
  readonly seed?: number;
  /** A run file (YAML). */
  readonly config?: string;
  /** `key=value`, each of them. */
  readonly set: readonly string[];
}

/** Preset, then run file, then flags, then `--set`. @throws ConfigError naming the flag or key that cannot be used */
export function configOf(options: RunOptions): Config {
  return resolveConfig({ preset: presetOf(options.preset), file: readRunFile(options.config), assignments: assignmentsOf(options) });
}

function presetOf(name: string | undefined): PresetName | undefined {
  if (name === undefined || name === 'small' || name === 'paper') return name;
  throw new ConfigError(`--preset must be small or paper, got "${name}"`);
}

/** The flags and `--set` as `key=value`, in the order in which they count. */
export function assignmentsOf(options: RunOptions): string[] {
  const flags = assignmentsFrom([
    ['experiment.seed', options.seed],
    ['actor.processes', options.actors],
    ['learner.minutes', options.minutes],
    ['learner.steps', options.learnerSteps],
  ]);
  return [...benchmarkAssignments(options), ...flags, ...options.set];
}

function readRunFile(path: string | undefined): PartialConfig | undefined {
  if (path === undefined) return undefined;
  if (!existsSync(path)) throw new ConfigError(`--config must be a run file (YAML), and ${path} does not exist`);
  let parsed: unknown;
  try {
    parsed = parseYaml(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`--config must be a run file (YAML), and ${path} is not: ${String(cause).split('\n')[0] ?? ''}`, cause);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new ConfigError(`--config must hold groups of configuration keys, and ${path} does not`);
  return parsed as PartialConfig;
}
