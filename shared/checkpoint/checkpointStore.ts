/**
 * @file A run's checkpoints on disk: `<token>-<step>/` folders, each whole or absent. A checkpoint is written under a temporary
 * name, every file flushed to the disk, then renamed; the newest K stay. Loading takes the valid one with the highest token, then
 * step, and passes over damaged ones loudly. Files are written piece by piece with the event loop free in between, so a
 * learner goes on while it saves. A learner that lost its lease writes under its lower token, and so is never loaded.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError, CheckpointWriteError, InvariantError } from '../errors.js';
import { CHECKPOINT_FORMAT, differingKeys, isFileName, parseManifest, sha256, type FileDigest, type Manifest, type RunIdentity } from './manifest.js';

export interface CheckpointStoreOptions {
  /** The run's `checkpoints/`. */
  readonly folder: string;
  /** Checkpoints kept, >= 1. */
  readonly keep: number;
  readonly identity: RunIdentity;
}

/** One file to write: all bytes, or pieces in order, each of which may be overwritten once the next is asked for. */
export interface CheckpointPart {
  /** E.g. `online.safetensors`. */
  readonly name: string;
  readonly content: Uint8Array | Iterable<Uint8Array>;
}

/** A checkpoint that was loaded, verified. */
export interface LoadedCheckpoint {
  readonly path: string;
  readonly token: number;
  readonly step: number;
  /** As it was handed to `write`, through JSON: its reader checks it. */
  readonly state: unknown;
  /** Has it a file of this name? */
  holds(name: string): boolean;
  /** The file's bytes, owned by the receiver. @throws CheckpointError if the checkpoint has no such file */
  file(name: string): Uint8Array;
}

interface Entry {
  readonly name: string;
  readonly token: number;
  readonly step: number;
  /** 1 for the first of its step. */
  readonly serial: number;
}

const NAME = /^(\d{1,15})-(\d{1,15})(?:\.(\d{1,6}))?$/;
const TEMPORARY = /^\.writing-(\d{1,15})-/;

export class CheckpointStore {
  readonly #options: CheckpointStoreOptions;
  #writing = false;

  constructor(options: CheckpointStoreOptions) {
    this.#options = options;
  }

  /**
   * Writes a checkpoint; when this returns it is on the disk and will be found.
   * @param state  JSON: numbers finite, no typed arrays
   * @returns its folder
   * @throws CheckpointWriteError if the disk is full or not writable: nothing is left behind, and the checkpoints there stay
   */
  async write(token: number, step: number, state: unknown, parts: readonly CheckpointPart[]): Promise<string> {
    if (this.#writing) throw new InvariantError('a checkpoint must be written before the next is begun');
    this.#writing = true;
    const { folder } = this.#options;
    const temporary = join(folder, `.writing-${token}-${step}-${process.pid}`);
    try {
      await mkdir(folder, { recursive: true });
      await this.#removeLeftovers(token);
      await mkdir(temporary);
      await this.#fill(temporary, token, step, state, parts);
      const path = join(folder, await this.#freeName(token, step));
      await rename(temporary, path);
      await flushFolder(folder);
      await this.#prune();
      return path;
    } catch (error) {
      // What cannot be removed now is cleared away by the next write; the first error is the one to tell.
      await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
      throw writeError(error, folder);
    } finally {
      this.#writing = false;
    }
  }

  /**
   * Loads the newest valid checkpoint.
   * @param onDamaged told one line for each newer one that is damaged
   * @returns null if there is none at all
   * @throws CheckpointError if all are damaged, or the newest valid one is of another configuration
   */
  async loadNewest(onDamaged: (line: string) => void): Promise<LoadedCheckpoint | null> {
    const entries = await this.#entries();
    for (const entry of entries) {
      const path = join(this.#options.folder, entry.name);
      try {
        return await this.#load(path, entry);
      } catch (error) {
        if (!(error instanceof DamagedCheckpoint)) throw error;
        onDamaged(`checkpoint ${path} is damaged and passed over: ${error.message}`);
      }
    }
    if (entries.length > 0) throw new CheckpointError(`a run must have one whole checkpoint to go on from, and all ${entries.length} in ${this.#options.folder} are damaged`);
    return null;
  }

  /** Highest token among the checkpoints, damaged or not; 0 without any. */
  async highestToken(): Promise<number> {
    return Math.max(0, ...(await this.#entries()).map(({ token }) => token));
  }

  /** Folders of the checkpoints, newest first. */
  async list(): Promise<readonly string[]> {
    return (await this.#entries()).map(({ name }) => join(this.#options.folder, name));
  }

  async #fill(temporary: string, token: number, step: number, state: unknown, parts: readonly CheckpointPart[]): Promise<void> {
    const files: Record<string, FileDigest> = {};
    for (const { name, content } of parts) {
      if (!isFileName(name) || Object.hasOwn(files, name)) throw new InvariantError(`a checkpoint's file must have a plain name of its own, got ${JSON.stringify(name)}`);
      files[name] = await writeFlushed(join(temporary, name), content instanceof Uint8Array ? [content] : content);
    }
    const manifest: Manifest = { format: CHECKPOINT_FORMAT, token, step, ...this.#options.identity, files, state };
    const text = `${JSON.stringify(manifest, null, 1)}\n`;
    await writeFlushed(join(temporary, 'manifest.json'), [Buffer.from(text)]);
    await writeFlushed(join(temporary, 'manifest.sha256'), [Buffer.from(`${sha256(text)}  manifest.json\n`)]);
    await flushFolder(temporary);
  }

  async #load(path: string, entry: Entry): Promise<LoadedCheckpoint> {
    const manifest = await readManifest(path);
    if (manifest.token !== entry.token || manifest.step !== entry.step) throw new DamagedCheckpoint(`its manifest must be of ${entry.token}-${entry.step}, and is of ${manifest.token}-${manifest.step}`);
    this.#checkIdentity(path, manifest);
    const files = new Map<string, Uint8Array>();
    for (const [name, digest] of Object.entries(manifest.files)) files.set(name, await readVerified(join(path, name), name, digest));
    const file = (name: string): Uint8Array => {
      const bytes = files.get(name);
      if (bytes === undefined) throw new CheckpointError(`checkpoint ${path} must hold ${name}, and does not`);
      return bytes;
    };
    return { path, token: manifest.token, step: manifest.step, state: manifest.state, holds: (name) => files.has(name), file };
  }

  #checkIdentity(path: string, manifest: Manifest): void {
    const { configHash, config } = this.#options.identity;
    if (manifest.configHash === configHash) return;
    const keys = differingKeys(manifest.config, config);
    const shown = keys.length === 0 ? `hash ${manifest.configHash}, now ${configHash}` : `${keys.slice(0, 8).join('; ')}${keys.length > 8 ? `; and ${keys.length - 8} more` : ''}`;
    throw new CheckpointError(`checkpoint ${path} must be of this configuration, and differs in: ${shown}`);
  }

  /** Newest first. */
  async #entries(): Promise<Entry[]> {
    const names = await readdir(this.#options.folder).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    });
    const entries = names.flatMap((name) => {
      const match = NAME.exec(name);
      return match === null ? [] : [{ name, token: Number(match[1]), step: Number(match[2]), serial: Number(match[3] ?? 1) }];
    });
    return entries.sort((a, b) => b.token - a.token || b.step - a.step || b.serial - a.serial);
  }

  /** A second checkpoint at one step gets `.2`: what is there is never replaced. */
  async #freeName(token: number, step: number): Promise<string> {
    const serials = (await this.#entries()).filter((e) => e.token === token && e.step === step).map((e) => e.serial);
    return serials.length === 0 ? `${token}-${step}` : `${token}-${step}.${Math.max(...serials) + 1}`;
  }

  async #prune(): Promise<void> {
    for (const { name } of (await this.#entries()).slice(this.#options.keep)) await rm(join(this.#options.folder, name), { recursive: true, force: true });
  }

  /** What learners of this token or earlier left half-written when they died. */
  async #removeLeftovers(token: number): Promise<void> {
    for (const name of await readdir(this.#options.folder)) {
      const match = TEMPORARY.exec(name);
      if (match !== null && Number(match[1]) <= token) await rm(join(this.#options.folder, name), { recursive: true, force: true });
    }
  }
}

/** This checkpoint cannot be used; an older one may. */
class DamagedCheckpoint extends CheckpointError {}

async function readManifest(path: string): Promise<Manifest> {
  try {
    return parseManifest(await readFile(join(path, 'manifest.json'), 'utf8'), await readFile(join(path, 'manifest.sha256'), 'utf8'));
  } catch (error) {
    if (error instanceof CheckpointError) throw new DamagedCheckpoint(error.message, error);
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR' || codeOf(error) === 'EIO') throw new DamagedCheckpoint('its manifest must be readable, and is not', error);
    throw error;
  }
}

async function readVerified(path: string, name: string, digest: FileDigest): Promise<Uint8Array> {
  const length = await stat(path).then((found) => found.size, () => null);
  if (length !== digest.bytes) throw new DamagedCheckpoint(`${name} must be ${digest.bytes} bytes, ${length === null ? 'and is missing' : `got ${length}`}`);
  const bytes = await readFile(path);
  if (sha256(bytes) !== digest.sha256) throw new DamagedCheckpoint(`${name} must have the SHA-256 in its manifest, and has another`);
  return bytes;
}

/** Writes pieces one after the other, the event loop free while each is on its way, and flushes them to the disk. */
async function writeFlushed(path: string, pieces: Iterable<Uint8Array>): Promise<FileDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'wx');
  try {
    for (const piece of pieces) {
      for (let begin = 0; begin < piece.length; begin += pieceBytes) {
        const part = piece.subarray(begin, begin + pieceBytes);
        hash.update(part);
        await file.writeFile(part);
      }
      bytes += piece.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** 4 MB are hashed in some 5 ms. */
const pieceBytes = 4 * 1024 * 1024;

async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function writeError(error: unknown, folder: string): unknown {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new CheckpointWriteError(`a checkpoint needs room in ${folder}, and the disk is full: free some, or move the run`, error);
  if (code !== null) return new CheckpointWriteError(`a checkpoint must be written to ${folder}, and cannot (${code})`, error);
  return error;
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && !('retryable' in error) ? error.code : null;
}
