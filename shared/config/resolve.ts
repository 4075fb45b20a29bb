/**
 * @file From defaults, a run file and `--set` assignments to one frozen configuration. Later wins: schema defaults, preset,
 * run file, assignments.
 */
import { createHash } from 'node:crypto';
import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import { ConfigError } from '../errors.js';
import { didYouMean } from './nearest.js';
import { type PartialConfig, type PresetName, presetOf } from './presets.js';
import { type Config, configSchema } from './schema.js';

export interface ConfigSources {
  readonly preset?: PresetName | undefined;
  /** A run file's parsed content. */
  readonly file?: PartialConfig | undefined;
  /** `key=value` strings; values are YAML scalars or flow sequences. */
  readonly assignments?: readonly string[] | undefined;
}

/** All leaf keys, e.g. `learner.batchSize`. */
export function configKeys(): string[] {
  return Object.entries(configSchema.parse({})).flatMap(([group, leaves]) => Object.keys(leaves).map((leaf) => `${group}.${leaf}`));
}

/**
 * @returns the whole configuration, frozen
 * @throws ConfigError naming the key, what is required and what was given; for an unknown key the nearest known one
 */
export function resolveConfig(sources: ConfigSources): Config {
  const assigned = parseAssignments(sources.assignments ?? []);
  const stated = merge(sources.file ?? {}, assigned);
  const experiment = (stated['experiment'] ?? {}) as { preset?: unknown; benchmark?: unknown };
  const preset = sources.preset ?? experiment.preset ?? 'small';
  if (preset !== 'small' && preset !== 'paper') throw new ConfigError(`experiment.preset must be small or paper, got ${JSON.stringify(preset)}`);
  const benchmark = typeof experiment.benchmark === 'string' ? experiment.benchmark : 'nasbench301';
  const layered = merge(presetOf(preset, benchmark), merge(stated, { experiment: { preset } }));
  return validateConfig(layered);
}

/** Checks a nested object against the schema. @throws ConfigError with one line for the first thing that is wrong */
export function validateConfig(input: unknown): Config {
  const result = configSchema.safeParse(input);
  if (!result.success) throw new ConfigError(explain(result.error.issues[0], input));
  return deepFreeze(result.data);
}

/**
 * The hash that every stream entry, snapshot and checkpoint of a run carries: 16 hex digits over what gives transitions and
 * weights their meaning (experiment, benchmark, mdp, agent). Pace, sizes and ports may change between resumptions.
 */
export function configHash(config: Config): string {
  return createHash('sha256').update(canonicalJson(configMeaning(config))).digest('hex').slice(0, 16);
}

/** The settings behind `configHash`. */
export function configMeaning({ experiment: { preset: _preset, ...experiment }, benchmark, mdp, agent }: Config): Readonly<Record<string, unknown>> {
  return { experiment, benchmark, mdp, agent };
}

function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, v]) => `${JSON.stringify(key)}:${canonicalJson(v)}`).join(',')}}`;
}

function parseAssignments(assignments: readonly string[]): PartialConfig {
  const known = configKeys();
  let result: PartialConfig = {};
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    if (at < 1) throw new ConfigError(`--set must be key=value, got "${assignment}"`);
    const key = assignment.slice(0, at).trim();
    if (!known.includes(key)) throw new ConfigError(`--set must name a configuration key, got "${key}".${didYouMean(key, known)}`);
    const [group, leaf] = key.split('.') as [string, string];
    let value: unknown;
    try {
      value = parseYaml(assignment.slice(at + 1)) as unknown;
    } catch (cause) {
      throw new ConfigError(`--set ${key} must have a number, word or [list] as its value, got "${assignment.slice(at + 1)}"`, cause);
    }
    result = merge(result, { [group]: { [leaf]: value } });
  }
  return result;
}

/** Two levels deep, as the schema is; `over` wins. */
function merge(under: PartialConfig, over: PartialConfig): PartialConfig {
  const result: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const old = result[key];
    result[key] = isObject(old) && isObject(value) ? { ...old, ...value } : value;
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function explain(issue: z.core.$ZodIssue | undefined, input: unknown): string {
  if (issue === undefined) return 'the configuration must fit the schema';
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = [path, issue.keys[0]].filter(Boolean).join('.');
    const known = path === '' ? [...new Set(configKeys().map((k) => k.split('.')[0] as string))] : configKeys();
    return `a configuration key must be known, got "${key}".${didYouMean(key, known)}`;
  }
  const given = issue.path.reduce<unknown>((value, key) => (isObject(value) ? value[String(key)] : undefined), input);
  return `${path} ${requirement(issue)}, got ${JSON.stringify(given) ?? 'nothing'}`;
}

function requirement(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_small':
      return `must be at least ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    case 'invalid_type':
      return `must be a ${issue.expected === 'int' ? 'whole number' : issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'custom':
      return `breaks a rule (${issue.message})`;
    default:
      return issue.message;
  }
}

function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value) as unknown[]) if (typeof child === 'object' && child !== null) deepFreeze(child);
  return Object.freeze(value);
}
