/**
 * @file `archwalk data list | get NAME | verify [NAME]`: where the benchmarks' files come from, fetching them, and reading those that are
 * there from end to end with the readers that the benchmarks use.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, DatasetError, EXIT } from '../../../shared/errors.js';
import { CHECKS } from '../data/check.js';
import { download, sha256Of, type DownloadOptions } from '../data/download.js';
import { pin, readPins } from '../data/pins.js';
import { DATA_SOURCES, dataSource, type DataFile, type DataSource } from '../data/sources.js';
import { ProgressLine, type ProgressStream } from '../progressLine.js';

export interface DataOptions {
  /** ARCHWALK_DATA. */
  readonly dataFolder: string;
  readonly json: boolean;
  /** Data: a line each, or one JSON document. */
  readonly output: { write(text: string): unknown };
  /** Progress. */
  readonly errors: ProgressStream;
  /** Stands in for the catalogue's files of that name in tests against a local server. */
  readonly source?: DataSource;
  readonly wait?: DownloadOptions['wait'];
}

const UNKNOWN_SHA = 'unknown until first download, then pinned in the data folder';

/** SHA-256 of the file as it lies in the data folder: known, pinned, or null. A packed file's own is pinned only. */
function expectedSha(file: DataFile, pins: Readonly<Record<string, string>>): string | null {
  return pins[file.path] ?? (file.gzip === true ? null : file.sha256);
}

/** What `archwalk data list` says, one entry a file. @returns exit code */
export async function dataList(options: DataOptions): Promise<number> {
  const pins = await readPins(options.dataFolder);
  const rows = DATA_SOURCES.flatMap(({ name, what, licence, files }) =>
    files.map((file) => {
      const path = join(options.dataFolder, file.path);
      const state = existsSync(path) ? 'present' : existsSync(`${path}.partial`) ? 'partly downloaded' : 'absent';
      return { name, what, file: file.path, state, size: file.about, licence, sha256: file.sha256 ?? pins[file.path] ?? UNKNOWN_SHA, source: file.url ?? file.how ?? '' };
    }),
  );
  if (options.json) options.output.write(`${JSON.stringify({ dataFolder: options.dataFolder, files: rows }, null, 2)}\n`);
  else {
    options.output.write(`data folder: ${options.dataFolder}\n`);
    for (const row of rows) {
      options.output.write(`\n${row.name}: ${row.file} (${row.state})\n  ${row.what}\n  size ${row.size}; licence ${row.licence}\n  SHA-256 ${row.sha256}\n  from ${row.source}\n`);
    }
  }
  return EXIT.done;
}

async function getFile(file: DataFile, options: DataOptions): Promise<string> {
  const path = join(options.dataFolder, file.path);
  if (existsSync(path)) return `${file.path} is there already ("archwalk data verify" reads it through)`;
  if (file.url === null) throw new DatasetError(`${file.path} must be fetched by hand: ${file.how ?? ''}; put it at ${path}, then "archwalk data verify"`);
  const progress = new ProgressLine(options.errors);
  const sha256 = await download({
    url: file.url,
    path,
    sha256: file.sha256,
    sizeBytes: file.sizeBytes,
    ...(file.gzip === true ? { gzip: true } : {}),
    ...(options.wait === undefined ? {} : { wait: options.wait }),
    onProgress: (done, total) => progress.show(file.path, Math.round(done / 1e4) / 100, Math.round((total ?? done) / 1e4) / 100, 'MB'),
  }).finally(() => progress.clear());
  const own = file.gzip === true ? await sha256Of(path) : sha256;
  await pin(options.dataFolder, file.path, own);
  return `${file.path}: ${statSync(path).size} bytes, SHA-256 ${own}${file.sha256 === null ? ', pinned (no checksum of it is published)' : ''}`;
}

/** Fetches the files of a source. @returns exit code @throws TransportError, DatasetError, ConfigError, each saying what to do */
export async function dataGet(name: string, options: DataOptions): Promise<number> {
  const source = options.source ?? dataSource(name);
  const lines: string[] = [];
  for (const file of source.files) {
    const line = await getFile(file, options);
    lines.push(line);
    if (!options.json) options.output.write(`${line}\n`);
  }
  if (options.json) options.output.write(`${JSON.stringify({ name: source.name, dataFolder: options.dataFolder, files: lines })}\n`);
  return EXIT.done;
}

interface Verdict {
  readonly file: string;
  readonly good: boolean;
  readonly found: string;
}

async function verifyFile(path: string, expected: string | null, sizeBytes: number | null, options: DataOptions): Promise<Verdict> {
  const whole = join(options.dataFolder, path);
  const progress = new ProgressLine(options.errors);
  try {
    const size = statSync(whole).size;
    if (sizeBytes !== null && size !== sizeBytes) return { file: path, good: false, found: `must be ${sizeBytes} bytes long, got ${size}` };
    const sha256 = await sha256Of(whole);
    if (expected !== null && sha256 !== expected) return { file: path, good: false, found: `must have SHA-256 ${expected}, got ${sha256}` };
    const show = (what: string, done: number, total: number): void => progress.show(what, Math.round(done / 1e6), Math.round(total / 1e6), 'MB');
    const found = (await CHECKS[path]?.(options.dataFolder, path, show)) ?? 'no reader';
    return { file: path, good: true, found: `${found}; SHA-256 ${sha256}${expected === null ? ' (none to hold it to)' : ''}` };
  } catch (error) {
    if (error instanceof DatasetError) return { file: path, good: false, found: error.message };
    throw error;
  } finally {
    progress.clear();
  }
}

/** The files that a name stands for: a source's own and, with them, the caches and tables of the same folder; all without a name. */
function pathsOf(name: string | undefined): string[] {
  if (name === undefined) return Object.keys(CHECKS);
  const source = dataSource(name);
  const own = source.files.map((file) => file.path);
  return Object.keys(CHECKS).filter((path) => own.includes(path) || path.startsWith(`${source.name}/`));
}

/**
 * Reads every file that is there, from end to end.
 *
 * @param name a source of `data list`; undefined reads all
 * @returns exit code: bad input if a file is damaged or none is there
 */
export async function dataVerify(name: string | undefined, options: DataOptions): Promise<number> {
  const pins = await readPins(options.dataFolder);
  const known = new Map(DATA_SOURCES.flatMap(({ files }) => files.map((file): [string, DataFile] => [file.path, file])));
  const present = pathsOf(name).filter((path) => existsSync(join(options.dataFolder, path)));
  if (present.length === 0) throw new ConfigError(`${options.dataFolder} must hold a file of ${name ?? 'any benchmark'}, found none; "archwalk data list" says where they come from`);
  const verdicts: Verdict[] = [];
  for (const path of present) {
    const file = known.get(path);
    const verdict = await verifyFile(path, file === undefined ? null : expectedSha(file, pins), file === undefined || file.gzip === true ? null : file.sizeBytes, options);
    verdicts.push(verdict);
    if (!options.json) options.output.write(`${verdict.good ? 'good' : 'BAD '} ${path}: ${verdict.found}\n`);
  }
  if (options.json) options.output.write(`${JSON.stringify({ dataFolder: options.dataFolder, files: verdicts }, null, 2)}\n`);
  return verdicts.every(({ good }) => good) ? EXIT.done : EXIT.badInput;
}
