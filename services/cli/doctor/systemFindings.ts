/** @file The doctor's look at Node, the installed packages, memory and disk. */
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../../shared/paths.js';
import { failed, type Finding, ok, warning } from './finding.js';

const NODE_REMEDY = 'install Node 20.19 or later, 22 or 24';
/** A NAS-Bench-301 run's checkpoints with a replay of 2,000,000 and its Redis file. */
const ROOMY_BYTES = 5e9;
const LEAST_BYTES = 500e6;

/** @param version as `process.versions.node` */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) return failed('Node', version, NODE_REMEDY);
  return [20, 22, 24].includes(major) ? ok('Node', version) : warning('Node', `${version}, which archwalk is not tested on`, NODE_REMEDY);
}

/** Whether the machine is one that a TensorFlow wheel exists for. */
export function platformFinding(platform: string, arch: string): Finding {
  const found = `${platform} on ${arch}`;
  if (platform === 'linux' && (arch === 'x64' || arch === 'arm64')) return ok('platform', found);
  return failed('platform', found, 'run archwalk in Docker there: docker compose up');
}

const versionIn = (path: string): string => (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;

/** The versions of archwalk and of the packages it stands on. @param root the package's root */
export function packagesFinding(root: string = packageRoot): Finding {
  const names = ['@tensorflow/tfjs-node-gpu', 'ioredis', 'bullmq'];
  const path = (name: string): string | undefined => foldersAbove(root).map((folder) => join(folder, 'node_modules', name, 'package.json')).find(existsSync);
  const missing = names.filter((name) => path(name) === undefined);
  if (missing.length > 0) return failed('packages', `missing: ${missing.join(', ')}`, 'run make setup');
  const versions = names.map((name) => `${name} ${versionIn(path(name) as string)}`);
  return ok('packages', [`archwalk ${versionIn(join(root, 'package.json'))}`, ...versions].join(', '));
}

function foldersAbove(folder: string): string[] {
  return folder === dirname(folder) ? [folder] : [folder, ...foldersAbove(dirname(folder))];
}

/** Free space where `folder` is, or would be made. */
export function diskFinding(what: string, folder: string): Finding {
  const there = foldersAbove(folder).find(existsSync) as string;
  const { bavail, bsize } = statfsSync(there);
  return spaceFinding(what, folder, bavail * bsize);
}

/** The verdict on so many free bytes. */
export function spaceFinding(what: string, folder: string, freeBytes: number): Finding {
  const found = `${(freeBytes / 1e9).toFixed(1)} GB free for ${folder}`;
  if (freeBytes < LEAST_BYTES) return failed(what, found, 'free some space, or choose a folder on a larger disk (ARCHWALK_RUNS, ARCHWALK_DATA)');
  return freeBytes < ROOMY_BYTES ? warning(what, found, 'a long run with a large replay takes some GB: free some') : ok(what, found);
}

/** A process of archwalk's takes about 350 MB, most of it the library's own pages, which all processes share. */
export function memoryFinding(totalBytes: number = totalmem()): Finding {
  const found = `${(totalBytes / 1e9).toFixed(1)} GB`;
  return totalBytes < 3e9 ? warning('memory', found, 'learner, evaluator, Redis and an actor take about 2 GB: use one actor and preset small') : ok('memory', found);
}
