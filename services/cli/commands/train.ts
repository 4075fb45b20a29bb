/** @file `archwalk train`: a whole run with local processes, from the configuration to the evaluation table. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readEnvironment } from '../../../shared/config/environment.js';
import { resolveConfig } from '../../../shared/config/resolve.js';
import { type RunFolder, createRunFolder, lockRunFolder, readRunConfig, runFolder, writeWhole } from '../../../shared/config/runFolder.js';
import type { Config } from '../../../shared/config/schema.js';
import { ConfigError, EXIT } from '../../../shared/errors.js';
import type { MainContext } from '../../../shared/lifecycle.js';
import { openRunBenchmark } from '../../../shared/run/joinRun.js';
import { LocalRun } from '../localRun.js';
import { withOpeningProgress } from '../openingProgress.js';
import { type RunOptions, assignmentsOf, configOf } from '../runOptions.js';
import { evaluate } from './evaluate.js';

export interface TrainOptions extends RunOptions {
  readonly run?: string;
  readonly resume: boolean;
  readonly json: boolean;
}

/** @returns 0 done, 130 interrupted with its state saved @throws ConfigError for options that cannot be used together or as given */
export async function train(options: TrainOptions, { signal, closing }: MainContext): Promise<number> {
  const { folder, config } = prepare(options);
  const environment = readEnvironment();
  const benchmark = await withOpeningProgress((onProgress) => openRunBenchmark(config, environment.dataFolder, onProgress));
  closing.add('the run folder\'s lock', lockRunFolder(folder));
  if (options.resume) writeWhole(folder.config, `${JSON.stringify(config, null, 2)}\n`);
  else createRunFolder(folder, config);
  mkdirSync(folder.redis, { recursive: true });
  const run = await LocalRun.start({ folder, config, environment }, closing);
  process.stderr.write(`${benchmark.description.name}: ${benchmark.description.provenance}\n`);
  const finished = await run.untilDone(signal);
  await run.stop();
  if (!finished) {
    process.stderr.write(`saved; go on with: archwalk train --run ${folder.root} --resume\n`);
    return EXIT.interrupted;
  }
  return evaluate({ run: folder.root, methods: 'agent,agent-frontier,random-search,local-search,local-search-best', json: options.json }, { signal, closing });
}

function prepare(options: TrainOptions): { folder: RunFolder; config: Config } {
  if (!options.resume) {
    const config = configOf(options);
    return { folder: runFolder(options.run ?? nextFree(readEnvironment().runsFolder, config)), config };
  }
  if (options.run === undefined) throw new ConfigError('--resume needs --run DIR, got no --run');
  if (options.preset !== undefined || options.config !== undefined) throw new ConfigError('--resume keeps the run\'s own configuration: change single keys with --set instead of --preset or --config');
  const folder = runFolder(options.run);
  const stored = readRunConfig(folder);
  return { folder, config: resolveConfig({ preset: stored.experiment.preset, file: stored, assignments: assignmentsOf(options) }) };
}

/** runs/<benchmark>-<preset>-<n>, n the first number not taken. */
function nextFree(runsFolder: string, { experiment }: Config): string {
  const base = `${(experiment.benchmark.split('/').at(-1) ?? 'run').replace(/[^A-Za-z0-9_-]/g, '-')}-${experiment.preset}`;
  const taken = new Set(existsSync(runsFolder) ? readdirSync(runsFolder) : []);
  let number = 1;
  while (taken.has(`${base}-${number}`)) number++;
  return join(runsFolder, `${base}-${number}`);
}
