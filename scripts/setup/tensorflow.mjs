/** @file Step: the TensorFlow C library and headers, from the wheel, into .deps/tensorflow. */
import { existsSync, readFileSync, renameSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { deps, digest, fileDigest, readStamp, say, SetupError, timed, writeStamp } from './step.mjs';
import { fetchWheels } from './wheels.mjs';

const NAME = 'tensorflow';
const PREFIXES = ['tensorflow/libtensorflow_', 'tensorflow/include/', 'tensorflow/THIRD_PARTY_NOTICES.txt', 'nvidia/'];
/** Disk needed while the wheel and its unpacked parts lie side by side. */
const NEEDED_BYTES = { cpu: 1.5e9, gpu: 12e9 };

/** The folder that holds `tensorflow/` and, on a GPU machine, `nvidia/`. */
export const tensorflowFolder = join(deps, 'tensorflow');

function requirementsOf(engine, arch) {
  return `requirements-tensorflow-${engine}-${arch}.txt`;
}

/** What the step would be made from now; equal to its stamp once done. */
export function tensorflowInputs(engine, arch) {
  const path = (name) => join(import.meta.dirname, name);
  return digest(engine, arch, fileDigest(path(requirementsOf(engine, arch))), PREFIXES.join());
}

/** Whether the library lies there as this checkout wants it. */
export function tensorflowReady(engine, arch) {
  return readStamp(NAME) === tensorflowInputs(engine, arch) && existsSync(join(tensorflowFolder, 'tensorflow', 'libtensorflow_cc.so.2'));
}

/** Downloads and unpacks the library, unless it lies there already. @throws SetupError */
export async function installTensorflow({ engine, arch, reason }) {
  const requirements = requirementsOf(engine, arch);
  const version = /==(\S+)/.exec(readFileSync(join(import.meta.dirname, requirements), 'utf8'))?.[1];
  if (tensorflowReady(engine, arch)) return say(NAME, `skipped: ${version} for ${engine} is there`);
  const { bavail, bsize } = statfsSync(deps);
  if (bavail * bsize < NEEDED_BYTES[engine]) {
    throw new SetupError(`TensorFlow for ${engine} needs ${NEEDED_BYTES[engine] / 1e9} GB free at ${deps}, ${((bavail * bsize) / 1e9).toFixed(1)} GB are: free some`);
  }
  const partial = `${tensorflowFolder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  await timed(NAME, `fetching the library, ${version} for ${engine} (${reason})`, fetchWheels({ requirements, arch, prefixes: PREFIXES, target: partial }));
  rmSync(tensorflowFolder, { recursive: true, force: true });
  renameSync(partial, tensorflowFolder);
  writeStamp(NAME, tensorflowInputs(engine, arch));
}
