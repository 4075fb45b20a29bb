/**
 * @file One file from an HTTP source to its place: resumable, checked, and never half there. Bytes go to `<path>.partial` at
 * their own offsets (two downloads at once write the same bytes to the same places); a broken connection is taken up again
 * with a Range request, also by a later run; only a whole file whose size and checksum are right gets its name.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { DatasetError, TransportError } from '../../../shared/errors.js';

/** Attempts without a single byte before giving up. */
const FRUITLESS_ATTEMPTS = 4;
/** A connection without a byte for so long is taken for broken. */
const IDLE_MS = 60_000;

export interface DownloadOptions {
  readonly url: string;
  /** Where the whole file goes. */
  readonly path: string;
  /** Of the bytes as served; null is not checked. */
  readonly sha256: string | null;
  readonly sizeBytes: number | null;
  /** Pack the file with gzip once it is whole and checked. */
  readonly gzip?: boolean;
  /** Called with the bytes on disk and, once known, of all. */
  readonly onProgress?: (done: number, total: number | null) => void;
  /** Waits before attempt n (1..) of a row of fruitless ones; default 1, 2, 4 s. */
  readonly wait?: (attempt: number) => Promise<void>;
}

/** What the source said of the file when the download began, so that a resumed half never joins another file's. */
interface Resumption {
  readonly url: string;
  readonly etag: string | null;
  readonly totalBytes: number | null;
}

const pause = (attempt: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1_000 * 2 ** (attempt - 1)));
const partialOf = (path: string): string => `${path}.partial`;
const notesOf = (path: string): string => `${path}.partial.json`;

/** SHA-256 of a file, hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const code = (cause as NodeJS.ErrnoException).code;
  return code === undefined || cause.message.includes(code) ? cause.message : `${cause.message} (${code})`;
}

async function readNotes(path: string, url: string): Promise<Resumption | null> {
  try {
    const notes = JSON.parse(await readFile(notesOf(path), 'utf8')) as Resumption;
    return notes.url === url ? notes : null;
  } catch {
    return null; // No notes, or unreadable ones: the download starts over.
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(({ size }) => size, () => 0);
}

/** Bytes at hand that can be gone on with; anything else is thrown away. */
async function startOf(options: DownloadOptions): Promise<{ have: number; notes: Resumption | null }> {
  const notes = await readNotes(options.path, options.url);
  if (notes !== null) return { have: await sizeOf(partialOf(options.path)), notes };
  await rm(partialOf(options.path), { force: true });
  return { have: 0, notes: null };
}

/** The answer's first byte and the file's size. A source without ranges answers 200 and starts over. */
function placeOf(response: Response, have: number, notes: Resumption | null): { from: number; total: number | null } {
  const length = Number(response.headers.get('content-length') ?? NaN);
  if (response.status === 200) return { from: 0, total: Number.isFinite(length) ? length : null };
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  if (range === null || Number(range[1]) !== have) throw new TransportError(`the source must answer with bytes from ${have}, got Content-Range "${response.headers.get('content-range') ?? ''}"`);
  const total = Number(range[2]);
  if (notes?.totalBytes != null && notes.totalBytes !== total) throw new DatasetError(`the source must still be ${notes.totalBytes} bytes long, as when the download began, got ${total}; remove the .partial files to start over`);
  return { from: have, total };
}

/** Writes the body at its offset. @returns bytes on disk afterwards; a broken connection is thrown, what came stays */
async function writeBody(response: Response, file: FileHandle, from: number, alive: () => void, onBytes: (have: number) => void): Promise<number> {
  let at = from;
  if (response.body === null) return at;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    alive();
    await file.write(chunk, 0, chunk.length, at);
    at += chunk.length;
    onBytes(at);
  }
  return at;
}

/** One request; true once the file is whole. */
async function attempt(options: DownloadOptions): Promise<boolean> {
  const { have, notes } = await startOf(options);
  if (notes?.totalBytes != null && have === notes.totalBytes) return true;
  const idle = new AbortController();
  const timer = setTimeout(() => idle.abort(new Error(`no byte for ${IDLE_MS / 1000} s`)), IDLE_MS);
  try {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (have > 0) Object.assign(headers, { range: `bytes=${have}-` }, notes?.etag == null ? {} : { 'if-range': notes.etag });
    const response = await fetch(options.url, { headers, signal: idle.signal, redirect: 'follow' });
    if (response.status === 416) {
      await rm(notesOf(options.path), { force: true });
      throw new TransportError(`the source must have the bytes from ${have}, got HTTP 416`);
    }
    if (response.status !== 200 && response.status !== 206) {
      throw new DatasetError(`${options.url} must answer HTTP 200 or 206, got HTTP ${response.status} ${response.statusText}; ${remedy(options)}`);
    }
    const { from, total } = placeOf(response, have, notes);
    await writeFile(notesOf(options.path), JSON.stringify({ url: options.url, etag: response.headers.get('etag'), totalBytes: total } satisfies Resumption));
    const file = await open(partialOf(options.path), from === 0 ? 'w' : 'r+');
    try {
      const alive = (): void => {
        timer.refresh();
      };
      const end = await writeBody(response, file, from, alive, (bytes) => options.onProgress?.(bytes, total));
      if (total !== null && end !== total) throw new TransportError(`the source must send ${total} bytes, the connection ended after ${end}`);
      return true;
    } finally {
      await file.close();
    }
  } finally {
    clearTimeout(timer);
  }
}

function remedy(options: DownloadOptions): string {
  return `if this machine cannot reach the source, fetch ${options.url} elsewhere and put it at ${options.path}${options.gzip === true ? ' (packed with gzip)' : ''}, then "archwalk data verify"`;
}

async function fetchWhole(options: DownloadOptions): Promise<void> {
  const wait = options.wait ?? pause;
  for (let fruitless = 0; ; ) {
    const before = await sizeOf(partialOf(options.path));
    try {
      if (await attempt(options)) return;
    } catch (error) {
      if (error instanceof DatasetError) throw error;
      const kept = await sizeOf(partialOf(options.path));
      fruitless = kept > before ? 1 : fruitless + 1;
      if (fruitless >= FRUITLESS_ATTEMPTS) {
        throw new TransportError(`${options.url} must be reachable, got: ${reasonOf(error)}; ${kept} bytes are kept in ${partialOf(options.path)} and the next "archwalk data get" goes on from there; ${remedy(options)}`, error);
      }
      await wait(fruitless);
    }
  }
}

async function discard(path: string): Promise<void> {
  await rm(partialOf(path), { force: true });
  await rm(notesOf(path), { force: true });
}

/**
 * Downloads, checks and puts in place.
 *
 * @returns the SHA-256 of the bytes as served
 * @throws TransportError where the source stays out of reach (what came is kept for the next run)
 * @throws DatasetError where the source refuses, or sends another file than the one required (which is thrown away)
 */
export async function download(options: DownloadOptions): Promise<string> {
  const partial = partialOf(options.path);
  await mkdir(dirname(options.path), { recursive: true });
  await fetchWhole(options);
  const size = await sizeOf(partial);
  if (options.sizeBytes !== null && size !== options.sizeBytes) {
    await discard(options.path);
    throw new DatasetError(`${options.url} must be ${options.sizeBytes} bytes long, got ${size}; nothing was kept`);
  }
  const sha256 = await sha256Of(partial);
  if (options.sha256 !== null && sha256 !== options.sha256) {
    await discard(options.path);
    throw new DatasetError(`${options.url} must have SHA-256 ${options.sha256}, got ${sha256}; nothing was kept`);
  }
  if (options.gzip === true) {
    await pipeline(createReadStream(partial), createGzip({ level: 9 }), createWriteStream(`${partial}.gz`));
    await rename(`${partial}.gz`, options.path);
  } else {
    await rename(partial, options.path);
  }
  await discard(options.path);
  return sha256;
}
