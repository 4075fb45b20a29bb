/**
 * @file A checkpoint's manifest: which run it belongs to, which files it has, each with length and SHA-256, and the small state that
 * is no file (counters, RNG states, stream position, marks, shaping). manifest.sha256 beside it is its own checksum, in the form that
 * `sha256sum -c` reads.
 */
import { createHash } from 'node:crypto';
import { CheckpointError } from '../errors.js';

export const CHECKPOINT_FORMAT = 1;

/** What two checkpoints of one run have in common. */
export interface RunIdentity {
  readonly configHash: string;
  /** The settings behind the hash, for naming those that differ. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface FileDigest {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export interface Manifest extends RunIdentity {
  readonly format: typeof CHECKPOINT_FORMAT;
  /** The learner's fencing token. */
  readonly token: number;
  /** Learner steps done. */
  readonly step: number;
  readonly files: Readonly<Record<string, FileDigest>>;
  /** JSON; its reader checks it. */
  readonly state: unknown;
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Reads a manifest whose checksum holds.
 * @throws CheckpointError naming what is wrong
 */
export function parseManifest(text: string, checksum: string): Manifest {
  const actual = sha256(text);
  if (checksum.slice(0, 64) !== actual) throw new CheckpointError(`its manifest must have the SHA-256 in manifest.sha256, and has ${actual}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError('its manifest must be JSON, and is not', cause);
  }
  if (!isRecord(value) || value['format'] !== CHECKPOINT_FORMAT) throw new CheckpointError(`its format must be ${CHECKPOINT_FORMAT}, got ${JSON.stringify(isRecord(value) ? value['format'] : null) ?? 'none'}`);
  const { token, step, configHash, config, files } = value;
  if (!isCount(token) || !isCount(step) || typeof configHash !== 'string' || !isRecord(config) || !isRecord(files)) throw new CheckpointError('its manifest must hold token, step, configHash, config and files');
  for (const [name, digest] of Object.entries(files)) {
    const isDigest = isRecord(digest) && isCount(digest['bytes']) && typeof digest['sha256'] === 'string';
    if (!isFileName(name) || !isDigest) throw new CheckpointError(`its files must be plain names with bytes and sha256, got ${JSON.stringify(name.slice(0, 60))}`);
  }
  return value as unknown as Manifest;
}

/** True for a name that stays within its folder and is not the manifest's. */
export function isFileName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name) && !name.startsWith('manifest');
}

/** Settings in which two configurations differ, as dotted keys with both values: `learner.batchSize 128, now 256`. */
export function differingKeys(then: unknown, now: unknown, path = ''): readonly string[] {
  if (isRecord(then) && isRecord(now)) {
    const keys = [...new Set([...Object.keys(then), ...Object.keys(now)])];
    return keys.flatMap((key) => differingKeys(own(then, key), own(now, key), path === '' ? key : `${path}.${key}`));
  }
  const [a, b] = [JSON.stringify(then) ?? 'absent', JSON.stringify(now) ?? 'absent'];
  return a === b ? [] : [`${path} ${a}, now ${b}`];
}

function own(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
