/**
 * @file Set-up: npm packages, the TensorFlow library, a Redis server, the engine's addons, dist/. Every step is skipped where its
 * result is there and made from the same inputs; a result appears whole or not at all. Downloads run side by side.
 * Run by scripts/setup.sh.
 */
import { mkdirSync } from 'node:fs';
import { addonReady, buildAddon } from './addon.mjs';
import { buildSources } from './build.mjs';
import { buildEngine } from './engine.mjs';
import { chooseEngine, findProgram, requireSupportedMachine } from './machine.mjs';
import { installNodeModules } from './nodeModules.mjs';
import { installRedis, redisAtHand } from './redis.mjs';
import { deps, say, SetupError } from './step.mjs';
import { installTensorflow, tensorflowReady } from './tensorflow.mjs';
import { findPip } from './wheels.mjs';

/** Says everything that is missing before the first download, one line each. */
async function requirePrograms({ engine, arch }) {
  const missing = [];
  if (!tensorflowReady(engine, arch) || redisAtHand() === null) await findPip().catch((error) => missing.push(error));
  if (!addonReady() && findProgram('g++') === null) missing.push(new SetupError('g++ is missing: apt-get install g++'));
  if (missing.length > 0) throw new AggregateError(missing);
}

async function setUp() {
  const arch = requireSupportedMachine();
  mkdirSync(deps, { recursive: true });
  const machine = { arch, ...(await chooseEngine(arch)) };
  await requirePrograms(machine);
  const packages = installNodeModules();
  const library = installTensorflow(machine);
  await settled([
    installRedis(machine),
    packages.then(buildSources),
    Promise.all([packages, library]).then(buildAddon).then(buildEngine),
  ]);
}

/** Lets every step end (a half-done download is no use to the next run), then reports all failures together. */
async function settled(steps) {
  const failures = (await Promise.allSettled(steps)).filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
  if (failures.length > 0) throw new AggregateError([...new Set(failures)]);
}

try {
  await setUp();
} catch (error) {
  for (const failure of error instanceof AggregateError ? error.errors : [error]) {
    say('failed', failure instanceof SetupError ? failure.message : failure.stack);
  }
  process.exitCode = 1;
}
