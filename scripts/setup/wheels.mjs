/** @file Downloads wheels by pip, whatever Python the machine has, and unpacks the parts that are used. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { deps, execute, SetupError, tellingLine } from './step.mjs';

const scripts = import.meta.dirname;
const NO_PIP = 'pip is missing: apt-get install python3-pip (or python3-venv)';
const PLATFORM = { x64: 'manylinux2014_x86_64', arm64: 'manylinux2014_aarch64' };

/**
 * The command that runs pip: the machine's own, or one in a virtual environment of set-up's.
 *
 * @throws SetupError if neither can be had
 */
export async function findPip() {
  if ((await execute('python3', ['--version'])).code !== 0) throw new SetupError('python3 is missing: apt-get install python3 python3-pip');
  if ((await execute('python3', ['-m', 'pip', '--version'])).code === 0) return ['python3', '-m', 'pip'];
  const environment = join(deps, 'pip');
  const python = join(environment, 'bin', 'python3');
  if ((await execute(python, ['-m', 'pip', '--version'])).code === 0) return [python, '-m', 'pip'];
  if ((await execute('python3', ['-m', 'venv', '--clear', environment])).code !== 0) throw new SetupError(NO_PIP);
  return [python, '-m', 'pip'];
}

function explain(result) {
  const text = result.stderr + result.stdout;
  if (/DO NOT MATCH THE HASHES/i.test(text)) return 'the downloaded wheel is not the pinned one (its SHA-256 differs): something between here and the package index alters it';
  if (/No space left/i.test(text)) return 'no space left on the device: free some, or set TMPDIR to a folder on a larger disk';
  if (/connection|resolve|timed out|proxy|ssl/i.test(text)) return `the package index cannot be reached (set HTTPS_PROXY or pip's index-url if you need one): ${tellingLine(result)}`;
  return tellingLine(result);
}

/**
 * Downloads what a requirements file pins by hash and unpacks the members that start with a prefix into `target`, which must not exist.
 * The wheels themselves are deleted again.
 *
 * @throws SetupError if pip is missing, the index cannot be reached or a hash differs
 */
export async function fetchWheels({ requirements, arch, prefixes, target }) {
  const pip = await findPip();
  const wheels = `${target}.wheels`;
  rmSync(wheels, { recursive: true, force: true });
  mkdirSync(wheels, { recursive: true });
  try {
    const args = ['download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--require-hashes', '--python-version', '3.11', '--implementation', 'cp',
      '--platform', PLATFORM[arch], '--dest', wheels, '--requirement', join(scripts, requirements)];
    const download = await execute(pip[0], [...pip.slice(1), ...args]);
    if (download.code !== 0) throw new SetupError(`${requirements}: ${explain(download)}`);
    const files = readdirSync(wheels).map((name) => join(wheels, name));
    const unpack = await execute('python3', [join(scripts, 'unpack.py'), target, prefixes.join(','), ...files]);
    if (unpack.code !== 0) throw new SetupError(`unpacking ${requirements}: ${explain(unpack)}`);
  } finally {
    rmSync(wheels, { recursive: true, force: true });
  }
}
