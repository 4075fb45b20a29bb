/** @file Step: TypeScript into dist/, when a source changed; files of dist whose source is gone are removed. */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { digest, execute, fileDigest, readStamp, root, say, SetupError, timed, writeStamp } from './step.mjs';

const NAME = 'build';
const FOLDERS = ['services', 'shared', 'scripts', join('docs', 'examples')];
const CONFIGS = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

function sources() {
  const under = (folder) => readdirSync(join(root, folder), { recursive: true }).filter((path) => path.endsWith('.ts')).map((path) => join(folder, path));
  return FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap(under).sort();
}

function inputs() {
  const describe = (path) => {
    const { mtimeMs, size } = statSync(join(root, path));
    return `${path} ${mtimeMs} ${size}`;
  };
  return digest(sources().map(describe).join('\n'), ...CONFIGS.map((name) => fileDigest(join(root, name))));
}

function removeOrphans() {
  const dist = join(root, 'dist');
  if (!existsSync(dist)) return;
  const wanted = new Set(sources().map((path) => path.replace(/\.ts$/, '')));
  for (const path of readdirSync(dist, { recursive: true })) {
    const stem = path.replace(/(\.d\.ts|\.js|\.js\.map)$/, '');
    if (stem !== path && !wanted.has(stem)) rmSync(join(dist, path), { force: true });
  }
}

/** Compiles the sources, unless dist/ is newer. @throws SetupError with the compiler's first error */
export async function buildSources() {
  const now = inputs();
  if (readStamp(NAME) === now && existsSync(join(root, 'dist', '.tsbuildinfo'))) return say(NAME, 'skipped: dist/ is up to date');
  removeOrphans();
  const result = await timed(NAME, 'compiling TypeScript', execute('npm', ['run', '--silent', 'build']));
  if (result.code !== 0) throw new SetupError(`npm run build failed: ${result.stdout.split('\n')[0] || result.stderr.trim()}`);
  writeStamp(NAME, now);
}
