/** @file The arguments of a service process: `--run DIR` (or ARCHWALK_RUN), everything else from the environment and the run. */
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { type Environment, readEnvironment } from '../config/environment.js';
import { type RunFolder, runFolder } from '../config/runFolder.js';
import { ConfigError } from '../errors.js';

export interface ServiceArguments {
  readonly folder: RunFolder;
  readonly redisUrl: string;
  readonly environment: Environment;
  /** This process's name in logs, metrics and status: ARCHWALK_ID, else host and process id. */
  readonly id: string;
}

/** @throws ConfigError if the run or the address of Redis is not given, or an argument is unknown */
export function serviceArguments(argv: readonly string[] = process.argv.slice(2)): ServiceArguments {
  const environment = readEnvironment();
  const run = parseRun(argv) ?? environment.run;
  if (run === null) throw new ConfigError('a service needs --run DIR or ARCHWALK_RUN, got neither');
  if (environment.redisUrl === null) throw new ConfigError('a service needs REDIS_URL, got none');
  return { folder: runFolder(run), redisUrl: environment.redisUrl, environment, id: environment.id ?? `${hostname()}-${process.pid}` };
}

function parseRun(argv: readonly string[]): string | null {
  try {
    return parseArgs({ args: [...argv], options: { run: { type: 'string' } }, strict: true }).values.run ?? null;
  } catch (cause) {
    throw new ConfigError(`a service takes --run DIR and nothing else, got "${argv.join(' ')}"`, cause);
  }
}
