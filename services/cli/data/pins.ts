/** @file Checksums pinned at the first download of files whose checksum nobody published: `checksums.json` in the data folder. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError } from '../../../shared/errors.js';

/** By path in the data folder: SHA-256 of the file as it lies there. */
export type Pins = Readonly<Record<string, string>>;

const fileOf = (dataFolder: string): string => join(dataFolder, 'checksums.json');

/** The pins; none where there is no file. @throws DatasetError if the file is no JSON object of texts */
export async function readPins(dataFolder: string): Promise<Pins> {
  let text: string;
  try {
    text = await readFile(fileOf(dataFolder), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new DatasetError(`${fileOf(dataFolder)} must be readable, got ${(error as Error).message}`, error);
  }
  try {
    const pins: unknown = JSON.parse(text);
    if (typeof pins === 'object' && pins !== null && Object.values(pins).every((value) => typeof value === 'string')) return pins as Pins;
  } catch {
    // Told below, as any other content.
  }
  throw new DatasetError(`${fileOf(dataFolder)} must be a JSON object of checksums, got ${JSON.stringify(text.slice(0, 60))}; remove it to pin anew`);
}

/** Adds a pin, atomically. */
export async function pin(dataFolder: string, path: string, sha256: string): Promise<void> {
  const pins = { ...(await readPins(dataFolder)), [path]: sha256 };
  await writeFile(`${fileOf(dataFolder)}.partial`, `${JSON.stringify(pins, null, 2)}\n`);
  await rename(`${fileOf(dataFolder)}.partial`, fileOf(dataFolder));
}
