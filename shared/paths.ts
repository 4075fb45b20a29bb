/** @file Where things lie: the package's own root (sources, committed assets) and the folder of downloaded dependencies. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvariantError } from './errors.js';

function findRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new InvariantError(`a package.json must stand above ${from}, found none`);
  }
}

/** The package's root, whether this file runs from `shared/` or from `dist/shared/`. */
export const packageRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

/** Set-up's folder: `tensorflow/` (the unpacked wheel), `redis/redis-server`, `engine/` (what was compiled here). */
export const depsRoot = join(packageRoot, '.deps');
