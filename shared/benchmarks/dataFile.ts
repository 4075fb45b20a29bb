/** @file The one line a person reads when a benchmark's file is not in the data folder. */
import { existsSync } from 'node:fs';
import { DatasetError } from '../errors.js';

/**
 * Checks that a data file exists.
 * @param name what `archwalk data get` calls it; `what` says what the file is
 * @throws DatasetError saying where to get it
 */
export function requireFile(path: string, name: string, what: string): void {
  if (existsSync(path)) return;
  throw new DatasetError(`${what} must lie at ${path}, not found; get it with "archwalk data get ${name}", or set ARCHWALK_DATA to the folder that has it`);
}
