/**
 * @file Official NAS-Bench-301 tree ensembles to archwalk's portable file: runs the Python script that unpickles the boosters, has it answer probe cells
 * with them, and puts its file in place only after our reading of the trees answered those cells alike.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { openTrees } from '../../../shared/benchmarks/nasbench301/ensemble.js';
import { readEnsembleFile, type EnsembleFile } from '../../../shared/benchmarks/nasbench301/ensembleFile.js';
import { officialLength, officialNames, writeOfficialVector } from '../../../shared/benchmarks/nasbench301/officialVector.js';
import { nasbench301Space } from '../../../shared/benchmarks/nasbench301/space.js';
import { ConfigError, DatasetError } from '../../../shared/errors.js';
import { packageRoot } from '../../../shared/paths.js';
import { Rng } from '../../../shared/rng.js';

/** The script, which travels with the package. */
export const conversionScript = join(packageRoot, 'shared', 'benchmarks', 'nasbench301', 'convert', 'convert_ensembles.py');

export interface ConvertOptions {
  /** The official folder: nb_models_1.0, or one ensemble of it. */
  readonly folder: string;
  /** The file to write. */
  readonly out: string;
  /** The Python that has xgboost, lightgbm and numpy. */
  readonly python: string;
  /** Called with an ensemble, and how many of its members are read. */
  readonly onProgress?: (label: string, done: number, total: number) => void;
}

export interface Converted {
  readonly file: EnsembleFile;
  /** Folders passed over, since their models are no tree ensembles. */
  readonly skipped: readonly string[];
}

/** A line that the script prints. */
interface ScriptLine {
  readonly progress?: string;
  readonly done?: number;
  readonly total?: number;
  readonly skipped?: readonly string[];
  readonly error?: string;
}

const probeCount = 64;
const probeSeed = 301;

/** The random cells that prove a conversion, as the script reads them. */
function probes(): string {
  const rng = new Rng(probeSeed);
  const code = new Uint32Array(2);
  const vector = new Float64Array(officialLength);
  const cells = Array.from({ length: probeCount }, () => {
    nasbench301Space.randomCode(rng, code, 0);
    writeOfficialVector(code, 0, vector, 0);
    return { code: [...code], vector: [...vector] };
  });
  return JSON.stringify({ features: officialNames, codes: cells.map((cell) => cell.code), vectors: cells.map((cell) => cell.vector) });
}

/** @throws ConfigError if there is no such Python; DatasetError with the script's own words, or the end of what Python said */
async function runScript(options: ConvertOptions, out: string): Promise<readonly string[]> {
  const child = spawn(options.python, [conversionScript, resolve(options.folder), out], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)));
  child.stdin.on('error', () => undefined); // The script may end before it has read the probes; its exit says why.
  child.stdin.end(probes());
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  ended.catch(() => undefined); // Awaited below, after the lines.
  let error: string | null = null;
  let skipped: readonly string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue; // A pickle's own words.
    const told = JSON.parse(line) as ScriptLine;
    if (told.progress !== undefined) options.onProgress?.(told.progress, told.done ?? 0, told.total ?? 0);
    skipped = told.skipped ?? skipped;
    error = told.error ?? error;
  }
  const [code, signal] = await ended.catch((cause: unknown) => {
    throw new ConfigError(`--python must name a Python 3 that starts, got "${options.python}": ${(cause as Error).message}`, cause);
  });
  if (error !== null) throw new DatasetError(error);
  if (code !== 0) throw new DatasetError(`the conversion by ${options.python} must end with exit code 0, got ${signal ?? code}: ${said.trim().split('\n').at(-1) ?? ''}`);
  return skipped;
}

/**
 * Converts every tree ensemble in a folder.
 * @throws DatasetError, ConfigError: one line; nothing is left under `out`
 */
export async function convertEnsembles(options: ConvertOptions): Promise<Converted> {
  await mkdir(dirname(resolve(options.out)), { recursive: true });
  const temporary = `${resolve(options.out)}.${randomUUID()}.partial`;
  try {
    const skipped = await runScript(options, temporary);
    const file = readEnsembleFile(temporary);
    for (const ensemble of file.ensembles) openTrees(options.out, ensemble, file.probeCodes);
    await rename(temporary, options.out);
    return { file, skipped };
  } finally {
    await rm(temporary, { force: true });
  }
}
