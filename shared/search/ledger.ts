/**
 * @file The history of one search as an append-only file, history.jsonl: a first line that says which search it is, then one line a
 * finished evaluation. A line is on the disk (fsync) before the search goes on, so a kill at any moment loses at most what was
 * still running; a torn last line is cut off. Queries that ran at the same time may stand out of order; each carries its number.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ArchitectureJson } from '../benchmarks/types.js';
import { CheckpointError, ConfigError } from '../errors.js';
import { type HistoryEntry, MemoryHistory } from './history.js';

/** Which search a history belongs to; a history is gone on with only by the same. */
export type SearchIdentity = Readonly<Record<string, string | number>>;

export class Ledger extends MemoryHistory {
  readonly #path: string;
  readonly #file: number;

  /**
   * Opens or begins the history at `path`; its folder must exist.
   * @throws ConfigError if it is another search's; CheckpointError if a line before the last is damaged
   */
  constructor(path: string, identity: SearchIdentity) {
    super();
    this.#path = path;
    this.#file = openSync(path, 'a+');
    try {
      const whole = this.#cutTornLine();
      const [first, ...lines] = whole.split('\n').slice(0, -1);
      if (first === undefined) this.#begin(identity);
      else this.#checkIdentity(this.#parse(first, 1), identity);
      lines.forEach((line, i) => { this.#keep(this.#parse(line, i + 2), i + 2); });
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  /** Adds one finished evaluation; it is on the disk when this returns. */
  override append(entry: HistoryEntry): void {
    this.#write(entry);
    super.append(entry);
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(value: unknown): void {
    writeSync(this.#file, `${JSON.stringify(value)}\n`);
    fsyncSync(this.#file);
  }

  #begin(identity: SearchIdentity): void {
    this.#write({ archwalkSearch: 1, ...identity });
    const folder = openSync(dirname(this.#path), 'r');
    fsyncSync(folder);
    closeSync(folder);
  }

  /** @returns the file's whole lines; what follows the last line break was being written when the process died */
  #cutTornLine(): string {
    const bytes = readFileSync(this.#path);
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end < bytes.length) ftruncateSync(this.#file, end);
    return bytes.subarray(0, end).toString('utf8');
  }

  #parse(line: string, number: number): Readonly<Record<string, unknown>> {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
    } catch (cause) {
      throw new CheckpointError(`${this.#path} must hold one JSON object a line, and line ${number} is damaged`, cause);
    }
    throw new CheckpointError(`${this.#path} must hold one JSON object a line, and line ${number} is not`);
  }

  #checkIdentity(found: Readonly<Record<string, unknown>>, identity: SearchIdentity): void {
    for (const [key, value] of Object.entries({ archwalkSearch: 1, ...identity })) {
      if (found[key] !== value) {
        throw new ConfigError(`${this.#path} must be the history of this search, and has ${key} ${JSON.stringify(found[key])} instead of ${JSON.stringify(value)}: choose another --out`);
      }
    }
  }

  #keep(value: Readonly<Record<string, unknown>>, number: number): void {
    const { query, id, architecture, validationAccuracy } = value;
    if (typeof query !== 'number' || typeof id !== 'string' || typeof architecture !== 'object' || typeof validationAccuracy !== 'number') {
      throw new CheckpointError(`${this.#path} must hold {query, id, architecture, validationAccuracy} a line, and line ${number} does not`);
    }
    super.append({ query, id, architecture: architecture as ArchitectureJson, validationAccuracy });
  }
}
