/**
 * @file The state of an actor's environments as bytes (a safetensors file): in lockstep it travels with each stream entry, is
 * part of the checkpoint, and comes back with the next turn, so that whichever process takes the turn goes on bit for bit.
 *
 * Dimensions: E environments, W words a code, n steps of the n-step return.
 */
import { WireFormatError } from '../errors.js';
import type { NStepWindowsState, WalkState } from '../mdp/types.js';
import type { Dtype, StoredValues } from './dtypes.js';
import { decodeSafetensors, encodeSafetensors, type LoadedArray, type StoredArray } from './safetensors.js';

const FORMAT = 'archwalk-walk-1';

export interface WalkSnapshot {
  /** Transitions the learner had received when the turn that led here was given: the turn's number. */
  readonly turn: number;
  readonly walk: WalkState;
}

/** What the reader accepts. */
export interface WalkLimits {
  /** E. */
  readonly environments: number;
  /** W. */
  readonly codeWords: 1 | 2;
  /** n. */
  readonly nSteps: number;
  /** Actions are 0..neighbours-1. */
  readonly neighbours: number;
  readonly horizonSteps: number;
  /** Is the code at `offset` an architecture? */
  readonly holds: (codes: Uint32Array, offset: number) => boolean;
}

export function encodeWalk({ turn, walk }: WalkSnapshot): Uint8Array {
  const { windows } = walk;
  const flat = (name: string, values: StoredValues): StoredArray => ({ name, shape: [values.length], values });
  return encodeSafetensors(
    [
      flat('accuracies', walk.accuracies), flat('windows.rewards', windows.rewards),
      flat('rng', Uint32Array.from(walk.rng)), flat('codes', walk.codes), flat('seeds', walk.seeds), flat('ages', walk.ages),
      flat('windows.codes', windows.codes), flat('windows.seeds', windows.seeds), flat('windows.starts', windows.starts), flat('windows.fills', windows.fills),
      flat('windows.qTaken', windows.qTaken), flat('windows.actions', windows.actions),
    ],
    { format: FORMAT, turn: String(turn) },
  );
}

/** Reads and checks a state. @throws WireFormatError with the rule that the bytes break */
export function decodeWalk(bytes: Uint8Array, limits: WalkLimits): WalkSnapshot {
  const { arrays, metadata } = decodeSafetensors(bytes);
  if (metadata.get('format') !== FORMAT) throw new WireFormatError(`a walk's state must have format ${FORMAT}, got ${JSON.stringify(metadata.get('format')?.slice(0, 40) ?? null)}`);
  const turn = Number(metadata.get('turn'));
  if (!/^\d{1,15}$/.test(metadata.get('turn') ?? '')) throw new WireFormatError(`a walk's turn must be a whole number, got ${JSON.stringify(metadata.get('turn')?.slice(0, 40) ?? null)}`);
  const { environments: E, codeWords: W, nSteps: n } = limits;
  const u32 = (name: string, length: number): Uint32Array => valuesOf(arrays, name, 'U32', length) as Uint32Array;
  const f64 = (name: string, length: number): Float64Array => valuesOf(arrays, name, 'F64', length) as Float64Array;
  const [a = 0, b = 0, c = 0, d = 0] = u32('rng', 4);
  if ((a | b | c | d) === 0) throw new WireFormatError('a walk\'s random numbers must have a state that is not all zero, got 0,0,0,0');
  const walk: WalkState = {
    rng: [a, b, c, d], codes: u32('codes', E * W), seeds: u32('seeds', E), accuracies: f64('accuracies', E), ages: u32('ages', E),
    windows: {
      codes: u32('windows.codes', E * n * W), seeds: u32('windows.seeds', E * n), actions: valuesOf(arrays, 'windows.actions', 'U8', E * n) as Uint8Array,
      rewards: f64('windows.rewards', E * n), qTaken: valuesOf(arrays, 'windows.qTaken', 'F32', E * n) as Float32Array,
      starts: u32('windows.starts', E), fills: u32('windows.fills', E),
    },
  };
  for (let e = 0; e < E; e++) {
    checkEnvironment(walk, e, limits);
    checkWindows(walk.windows, e, limits);
  }
  return { turn, walk };
}

function valuesOf(arrays: readonly LoadedArray[], name: string, dtype: Dtype, length: number): StoredValues {
  const array = arrays.find((candidate) => candidate.name === name);
  if (array?.dtype !== dtype || array.values.length !== length) {
    throw new WireFormatError(`a walk's ${name} must be ${length} values of ${dtype}, got ${array === undefined ? 'none' : `${array.values.length} of ${array.dtype}`}`);
  }
  return array.values;
}

function checkEnvironment({ codes, accuracies, ages }: WalkState, e: number, { codeWords, horizonSteps, holds }: WalkLimits): void {
  if (!holds(codes, e * codeWords)) throw new WireFormatError(`a walk's codes must be architectures, environment ${e}'s is not`);
  const accuracy = accuracies[e] as number;
  if (!(accuracy >= 0 && accuracy <= 1)) throw new WireFormatError(`a walk's accuracies must be in [0, 1], environment ${e} has ${accuracy}`);
  if ((ages[e] as number) > horizonSteps) throw new WireFormatError(`a walk's episodes must be at most ${horizonSteps} steps old, environment ${e}'s is ${ages[e]}`);
}

function checkWindows({ codes, actions, rewards, qTaken, starts, fills }: NStepWindowsState, e: number, { nSteps, neighbours, codeWords, holds }: WalkLimits): void {
  const [start, fill] = [starts[e] as number, fills[e] as number];
  if (start >= nSteps || fill > nSteps) throw new WireFormatError(`a walk's pending steps must be in a ring of ${nSteps}, environment ${e} has ${fill} from ${start}`);
  for (let i = 0; i < fill; i++) {
    const cell = e * nSteps + ((start + i) % nSteps);
    if (!holds(codes, cell * codeWords)) throw new WireFormatError(`a walk's pending steps must start at architectures, environment ${e}'s step ${i} does not`);
    if ((actions[cell] as number) >= neighbours) throw new WireFormatError(`a walk's actions must be in 0..${neighbours - 1}, environment ${e}'s step ${i} has ${actions[cell]}`);
    if (!Number.isFinite(rewards[cell]) || !Number.isFinite(qTaken[cell])) throw new WireFormatError(`a walk's rewards and Q-values must be finite, environment ${e}'s step ${i} has ${rewards[cell]} and ${qTaken[cell]}`);
  }
}
