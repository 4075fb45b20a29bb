/** @file What this machine offers the engine: the processor's bf16 products, and the library that set-up installed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { depsRoot } from '../paths.js';

export interface ProcessorFeatures {
  readonly model: string;
  /** Logical processors. */
  readonly count: number;
  /** The instruction sets that multiply bf16 in hardware, of those this processor has. */
  readonly bf16: readonly ('amx_bf16' | 'avx512_bf16' | 'bf16')[];
}

export interface InstalledLibrary {
  /** Where `libtensorflow_cc.so.2` lies, or null where set-up has not put it. */
  readonly folder: string | null;
  readonly cuda: boolean;
}

const BF16_FLAGS = ['amx_bf16', 'avx512_bf16', 'bf16'] as const;

/**
 * Reads what /proc/cpuinfo says of the first processor: its `flags` on x86 (`amx_bf16`, `avx512_bf16`), its `Features` on arm64 (`bf16`).
 *
 * @param cpuinfo the file's text
 */
export function bf16Features(cpuinfo: string): ProcessorFeatures['bf16'] {
  const flags = new Set(/^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo)?.[1]?.split(/\s+/));
  return BF16_FLAGS.filter((flag) => flags.has(flag));
}

/** The processor this runs on. */
export function processorFeatures(): ProcessorFeatures {
  const cores = cpus();
  const cpuinfo = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  return { model: cores[0]?.model.trim() ?? 'unknown', count: cores.length, bf16: bf16Features(cpuinfo) };
}

/** Whether the processor multiplies bf16 in hardware; elsewhere bf16 products would only be slower. */
export function processorHasBf16(): boolean {
  return processorFeatures().bf16.length > 0;
}

/** The TensorFlow library that set-up unpacked under `folder`. */
export function installedLibrary(folder: string = depsRoot): InstalledLibrary {
  const library = join(folder, 'tensorflow', 'tensorflow');
  const cuda = join(folder, 'tensorflow', 'nvidia');
  return {
    folder: existsSync(join(library, 'libtensorflow_cc.so.2')) ? library : null,
    cuda: existsSync(cuda) && readdirSync(cuda).includes('cuda_runtime'),
  };
}
