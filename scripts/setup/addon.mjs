/**
 * @file Step: the N-API addon of @tensorflow/tfjs-node-gpu, compiled against the TensorFlow library of the wheel. The package's own
 * install script would fetch a libtensorflow of 2022 from a download host; it never runs here.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { digest, execute, readStamp, root, say, SetupError, tellingLine, timed, writeStamp } from './step.mjs';
import { tensorflowFolder } from './tensorflow.mjs';

const NAME = 'addon';

const tfjsPackage = () => realpathSync(join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu'));
const addonPath = () => join(tfjsPackage(), 'lib', 'napi-v8', 'tfjs_binding.node');

/** The folders the loader must search: the TensorFlow library's, and those of the CUDA wheels where there are any. */
export function libraryFolders() {
  const nvidia = join(tensorflowFolder, 'nvidia');
  const cuda = existsSync(nvidia) ? readdirSync(nvidia).map((name) => join(nvidia, name, 'lib')).filter((folder) => existsSync(folder)) : [];
  return [join(tensorflowFolder, 'tensorflow'), ...cuda];
}

function command(output) {
  const library = join(tensorflowFolder, 'tensorflow');
  const source = join(tfjsPackage(), 'binding');
  const fromAddon = (folder) => `$ORIGIN/${relative(dirname(addonPath()), realpathSync(folder))}`;
  return [
    '-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-w',
    ...[join(root, 'node_modules', 'node-api-headers', 'include'), tfjsPackage(), source, join(library, 'include')].map((folder) => `-I${folder}`),
    join(source, 'tfjs_backend.cc'), join(source, 'tfjs_binding.cc'),
    `-L${library}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2',
    ...libraryFolders().map((folder) => `-Wl,-rpath,${fromAddon(folder)}`),
    '-o', output,
  ];
}

/** Whether a compiler is needed: false once the addon was compiled from what lies there now. */
export function addonReady() {
  if (!existsSync(join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu'))) return false;
  return existsSync(addonPath()) && readStamp(NAME) === addonInputs();
}

function addonInputs() {
  const sources = readdirSync(join(tfjsPackage(), 'binding')).map((name) => readFileSync(join(tfjsPackage(), 'binding', name)));
  return digest(...sources, command('').join(' '), readStamp('tensorflow'));
}

/** Compiles the addon into its package, unless it is up to date. @throws SetupError with the compiler's first error */
export async function buildAddon() {
  if (addonReady()) return say(NAME, 'skipped: compiled');
  const partial = `${addonPath()}.partial`;
  mkdirSync(dirname(partial), { recursive: true });
  const result = await timed(NAME, 'compiling the tfjs addon against the library', execute('g++', command(partial)));
  if (result.code === 127) throw new SetupError('g++ is missing: apt-get install g++');
  if (result.code !== 0) throw new SetupError(`the tfjs addon does not compile: ${tellingLine(result)}`);
  const loaded = await execute(process.execPath, ['-e', 'process.dlopen({ exports: {} }, process.argv[1])', partial]);
  if (loaded.code !== 0) throw new SetupError(`the compiled tfjs addon does not load: ${tellingLine(loaded)}`);
  renameSync(partial, addonPath());
  writeStamp(NAME, addonInputs());
}
