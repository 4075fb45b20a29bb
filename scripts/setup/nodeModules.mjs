/** @file Step: npm packages exactly as the lockfile says, without any package's install script. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute, root, say, SetupError, tellingLine, timed } from './step.mjs';

const NAME = 'npm';

const packagesOf = (path) => JSON.parse(readFileSync(path, 'utf8')).packages ?? {};

/**
 * Whether node_modules holds what the lockfile names. npm keeps what it installed in node_modules/.package-lock.json;
 * optional packages (other platforms' binaries) may be absent there.
 */
export function nodeModulesReady() {
  const installedPath = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedPath)) return false;
  const installed = packagesOf(installedPath);
  const wanted = Object.entries(packagesOf(join(root, 'package-lock.json'))).filter(([path]) => path !== '');
  const same = ([path, entry]) => (installed[path] === undefined ? entry.optional === true : installed[path].version === entry.version && existsSync(join(root, path)));
  return wanted.every(same) && Object.keys(installed).length <= wanted.length;
}

function explain(result) {
  const text = result.stderr + result.stdout;
  if (/ENOSPC/.test(text)) return 'no space left on the device: free some';
  if (/EUSAGE/.test(text)) return 'package.json and package-lock.json disagree: npm install --ignore-scripts';
  if (/ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN|CERT/.test(text)) return `the npm registry cannot be reached (npm config set registry or HTTPS_PROXY if you need one): ${tellingLine(result)}`;
  return tellingLine(result);
}

/** Installs the packages, unless they are there. @throws SetupError */
export async function installNodeModules() {
  if (nodeModulesReady()) return say(NAME, 'skipped: node_modules matches the lockfile');
  const result = await timed(NAME, 'npm ci (no package runs a script)', execute('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']));
  if (result.code !== 0) throw new SetupError(`npm ci failed: ${explain(result)}`);
}
