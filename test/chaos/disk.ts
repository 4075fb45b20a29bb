/** @file A small disk for the checkpoints, that can be filled: a tmpfs, which takes root to mount. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, openSync, closeSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export class SmallDisk {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Mounts `megabytes` at `folder`. @returns null, with one loud line, where that is not allowed */
  static mount(folder: string, megabytes: number): SmallDisk | null {
    mkdirSync(folder, { recursive: true });
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { encoding: 'utf8' });
    if (status === 0) return new SmallDisk(folder);
    console.warn(`SKIPPED: a full disk needs a tmpfs at ${folder}, which takes root: ${stderr.trim()}`);
    return null;
  }

  /** Writes until nothing more fits. */
  fill(): void {
    let file: number;
    try {
      file = openSync(this.#filler, 'a');
    } catch (error) {
      if (isFull(error)) return;
      throw error;
    }
    try {
      for (let size = 1 << 20; size >= 1; size >>= 1) while (wrote(file, size));
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.#filler, { force: true });
  }

  unmount(): void {
    spawnSync('umount', ['--lazy', this.#folder]);
  }

  get #filler(): string {
    return join(this.#folder, 'filler');
  }
}

function wrote(file: number, size: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(size)) === size;
  } catch (error) {
    if (isFull(error)) return false;
    throw error;
  }
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOSPC';
}
