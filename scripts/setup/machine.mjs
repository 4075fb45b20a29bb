/** @file What machine this is, as far as set-up's choices depend on it. */
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execute, SetupError } from './step.mjs';

const DOCKER = 'use Docker there: docker compose up (see README.md)';

/** Where a program lies on the PATH, or null. */
export function findProgram(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder !== '' && existsSync(join(folder, name))) return join(folder, name);
  }
  return null;
}

/**
 * Refuses machines that no TensorFlow wheel fits.
 *
 * @returns {'x64' | 'arm64'}
 * @throws SetupError on other systems, processors and C libraries
 */
export function requireSupportedMachine() {
  const { platform, arch } = process;
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) {
    throw new SetupError(`the engine's library exists for Linux on x86-64 and arm64, this is ${platform} on ${arch}: ${DOCKER}`);
  }
  if (readdirSync('/lib').some((name) => name.startsWith('ld-musl-'))) {
    throw new SetupError(`the engine's library needs glibc, this Linux uses musl: ${DOCKER}`);
  }
  return arch;
}

async function seesNvidiaGpu() {
  if (readdirSync('/dev').some((name) => /^nvidia\d+$/.test(name))) return true;
  return findProgram('nvidia-smi') !== null && (await execute('nvidia-smi', ['-L'])).stdout.includes('GPU ');
}

/**
 * Which engine to install. ARCHWALK_ENGINE=cpu|gpu overrides what is seen.
 *
 * @returns {Promise<{engine: 'cpu' | 'gpu', reason: string}>}
 * @throws SetupError if ARCHWALK_ENGINE holds another word, or asks for a GPU engine that this processor has no wheel for
 */
export async function chooseEngine(arch) {
  const asked = process.env.ARCHWALK_ENGINE ?? '';
  if (!['', 'cpu', 'gpu'].includes(asked)) throw new SetupError(`ARCHWALK_ENGINE must be cpu or gpu, got "${asked}"`);
  if (asked === 'gpu' && arch === 'arm64') throw new SetupError('ARCHWALK_ENGINE=gpu must stand on x86-64: TensorFlow has no CUDA wheel for arm64; unset it');
  if (asked !== '') return { engine: asked, reason: 'ARCHWALK_ENGINE' };
  if (!(await seesNvidiaGpu())) return { engine: 'cpu', reason: 'no NVIDIA GPU seen' };
  return arch === 'arm64' ? { engine: 'cpu', reason: 'no CUDA wheel exists for arm64' } : { engine: 'gpu', reason: 'NVIDIA GPU seen' };
}
