/**
 * @file `archwalk prepare`: makes a run's folder and its configuration, for services that are started by something else than
 * `archwalk train` (Docker, Kubernetes). Done again it changes nothing, so a restarted container may begin with it.
 */
import { existsSync } from 'node:fs';
import { readEnvironment } from '../../../shared/config/environment.js';
import { createRunFolder, readRunConfig, runFolder } from '../../../shared/config/runFolder.js';
import { EXIT } from '../../../shared/errors.js';
import { openRunBenchmark } from '../../../shared/run/joinRun.js';
import { withOpeningProgress } from '../openingProgress.js';
import { type RunOptions, configOf } from '../runOptions.js';

export interface PrepareOptions extends RunOptions {
  readonly run: string;
}

/** Says on stderr what was done. @returns 0 @throws ConfigError, DatasetError: nothing is made then */
export async function prepare(options: PrepareOptions): Promise<number> {
  const folder = runFolder(options.run);
  if (existsSync(folder.config)) {
    readRunConfig(folder);
    process.stderr.write(`${folder.root} is there and keeps its configuration\n`);
    return EXIT.done;
  }
  const config = configOf(options);
  await withOpeningProgress((onProgress) => openRunBenchmark(config, readEnvironment().dataFolder, onProgress));
  createRunFolder(folder, config);
  process.stderr.write(`${folder.root} is prepared: ${config.experiment.benchmark}, preset ${config.experiment.preset}\n`);
  return EXIT.done;
}
