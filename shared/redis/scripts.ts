/**
 * @file The Lua scripts by name, one file an atomic operation, each with its KEYS and ARGV contract in its header. They lie
 * beside this file in the sources and are read from there, also when running from dist/.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../paths.js';

/** Name of each script and how many KEYS it takes. */
export const SCRIPT_KEYS = {
  appendTransitions: 6,
  acknowledgeIngested: 5,
  trimStream: 5,
  quarantineEntry: 3,
  acquireLearnerLease: 2,
  renewLearnerLease: 2,
  releaseLearnerLease: 1,
  leaseActor: 3,
  renewActor: 1,
  releaseActor: 2,
  publishWeights: 4,
  giveTurn: 3,
  enterFetch: 2,
  leaveFetch: 2,
} as const;

export type ScriptName = keyof typeof SCRIPT_KEYS;

export const SCRIPT_NAMES = Object.keys(SCRIPT_KEYS) as readonly ScriptName[];

/** The script's source. */
export function scriptSource(name: ScriptName): string {
  return readFileSync(join(packageRoot, 'shared', 'redis', 'lua', `${name}.lua`), 'utf8');
}
