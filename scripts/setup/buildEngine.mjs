/**
 * @file Compiles archwalk's own engine parts into .deps/engine: the N-API addon over TensorFlow's C API (shared/engine/addon) and the
 * library of custom operations (shared/engine/ops). Needs g++ and what set-up brought, nothing else. Each part is stamped by what it is
 * made from and replaced whole or not at all. Without the addon archwalk composes tfjs operations; without the custom operations the
 * graph is composed of TensorFlow's own: so a part that fails costs speed, one warning line, and exit code 1.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, relative } from 'node:path';
import { libraryFolders } from './addon.mjs';
import { deps, digest, execute, readStamp, root, SetupError, tellingLine, writeStamp } from './step.mjs';
import { tensorflowFolder } from './tensorflow.mjs';

const output = join(deps, 'engine');
const library = join(tensorflowFolder, 'tensorflow');
const common = ['-std=c++17', '-O2', '-fPIC', '-Wall', '-Wextra', '-Wno-unused-parameter', '-Wno-sign-compare', '-Wno-ignored-attributes'];

/** The instruction sets that kernels.cc is compiled for, once each; the fitting one is chosen as the library loads. */
const X64_KERNELS = {
  generic: ['-msse2'],
  avx2: ['-mavx2', '-mfma', '-mf16c'],
  avx512: ['-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mfma', '-mprefer-vector-width=512'],
};
const KERNELS = process.arch === 'x64' ? X64_KERNELS : { generic: [] };
/** No errno and no trapping, which change no value; fused multiply-adds. Infinities, NaN and the order of sums stay as written. */
const KERNEL_FLAGS = ['-O3', '-fno-math-errno', '-fno-trapping-math', '-ffp-contract=fast'];

function linkFlags() {
  const fromOutput = (folder) => `-Wl,-rpath,$ORIGIN/${relative(realpathSync(output), realpathSync(folder))}`;
  return [`-L${library}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2', ...libraryFolders().map(fromOutput)];
}

const sourcesIn = (folder) => readdirSync(folder).filter((name) => /\.(cc|h)$/.test(name)).sort().map((name) => join(folder, name));

/** One compilation: arguments of g++ and the object it makes. */
function compilations(part, build) {
  const object = (name) => join(build, `${name}.o`);
  const units = sourcesIn(part.folder).filter((path) => path.endsWith('.cc')).map((path) => ({ path, name: path.split('/').at(-1) }));
  return units.flatMap(({ path, name }) => {
    const base = [...common, ...part.includes.map((folder) => `-isystem${folder}`), '-c', path];
    if (name !== 'kernels.cc') return [{ object: object(name), args: [...base, '-o', object(name)] }];
    return Object.entries(KERNELS).map(([isa, flags]) => {
      const out = object(`${name}.${isa}`);
      return { object: out, args: [...base, ...KERNEL_FLAGS, ...flags, `-DARCHWALK_ISA=${isa}`, '-o', out] };
    });
  });
}

async function compile(part, build) {
  const waiting = compilations(part, build);
  const objects = waiting.map(({ object }) => object);
  const worker = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const result = await execute('g++', next.args);
      if (result.code === 127) throw new SetupError('g++ is missing: apt-get install g++');
      if (result.code !== 0) throw new SetupError(`${part.name} does not compile: ${tellingLine(result)}`);
    }
  };
  await Promise.all(Array.from({ length: Math.max(2, cpus().length) }, worker));
  const partial = join(output, `${part.file}.partial`); // beside its final place, so that it finds its libraries
  const linked = await execute('g++', ['-shared', ...objects, ...linkFlags(), '-o', partial]);
  if (linked.code !== 0) throw new SetupError(`${part.name} does not link: ${tellingLine(linked)}`);
  return partial;
}

async function checkLoads(part, path) {
  const loaded = await execute(process.execPath, ['-e', part.loadScript, path, join(output, 'archwalk_graph.node')]);
  if (loaded.code !== 0) throw new SetupError(`${part.name} does not load: ${tellingLine(loaded)}`);
}

const PARTS = [
  {
    name: 'graph addon',
    file: 'archwalk_graph.node',
    folder: join(root, 'shared', 'engine', 'addon'),
    includes: [join(root, 'node_modules', 'node-api-headers', 'include'), join(library, 'include')],
    loadScript: 'process.dlopen({ exports: {} }, process.argv[1])',
  },
  {
    name: 'custom operations',
    file: 'archwalk_ops.so',
    folder: join(root, 'shared', 'engine', 'ops'),
    includes: [join(library, 'include')],
    loadScript: 'require(process.argv[2]).loadLibrary(process.argv[1])',
  },
];

/** Builds one part unless it is up to date. @returns what was done */
async function buildPart(part) {
  const path = join(output, part.file);
  const inputs = digest(...sourcesIn(part.folder).map((source) => readFileSync(source)), JSON.stringify([common, KERNELS, KERNEL_FLAGS, part]), readStamp('tensorflow'));
  if (existsSync(path) && readStamp(part.file) === inputs) return `${part.name} up to date`;
  const build = mkdtempSync(join(output, 'build-'));
  try {
    const partial = await compile(part, build);
    await checkLoads(part, partial);
    renameSync(partial, path);
  } finally {
    rmSync(build, { recursive: true, force: true });
    rmSync(join(output, `${part.file}.partial`), { force: true });
  }
  writeStamp(part.file, inputs);
  return `${part.name} compiled`;
}

async function main() {
  if (!existsSync(join(library, 'libtensorflow_cc.so.2'))) throw new SetupError('the TensorFlow library is missing: run make setup');
  mkdirSync(output, { recursive: true });
  const done = [];
  for (const part of PARTS) done.push(await buildPart(part));
  process.stdout.write(`${done.join(', ')}\n`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 1;
}
