/** @file The command line: names, flags and help; each command's work is in commands/. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { didYouMean } from '../../shared/config/nearest.js';
import { ConfigError } from '../../shared/errors.js';
import type { MainContext } from '../../shared/lifecycle.js';
import { packageRoot } from '../../shared/paths.js';
import { type TrainOptions, train } from './commands/train.js';

const wholeNumber = (least: number) => (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) throw new InvalidArgumentError(`must be a whole number of at least ${least}, got "${text}"`);
  return value;
};

const positiveNumber = (text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError(`must be a number above 0, got "${text}"`);
  return value;
};

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

/** Runs one command line. @returns its exit code @throws ConfigError for a command line that is none */
export async function runProgram(argv: readonly string[], context: MainContext): Promise<number> {
  let code = 0;
  const program = new Command('archwalk')
    .description('Trains agents that walk neural-architecture search spaces, and searches with them under a query budget.')
    .version(packageVersion())
    .showSuggestionAfterError(true)
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
  const done = (work: Promise<number>): Promise<void> => work.then((result) => void (code = result));
  addTrain(program, (options) => done(train(options, context)));
  try {
    await program.parseAsync(argv as string[], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || error.code === 'commander.help') return 0;
    throw new ConfigError(explain(error, program, argv));
  }
  return code;
}

function addTrain(program: Command, action: (options: TrainOptions) => Promise<void>): void {
  program
    .command('train')
    .description('train an agent with local processes; ends with an evaluation table')
    .option('--benchmark <name>', 'nasbench301, nasbench201, nasbench101, or the path of a module of your own')
    .option('--dataset <name>', 'cifar10, cifar100 or ImageNet16-120 (NAS-Bench-201)')
    .option('--preset <name>', 'small or paper')
    .option('--actors <n>', 'actor processes', wholeNumber(1))
    .option('--minutes <m>', 'stop training after this time', positiveNumber)
    .option('--learner-steps <n>', 'stop training after this many learner steps', wholeNumber(1))
    .option('--seed <s>', 'seed of every random number', wholeNumber(0))
    .option('--run <dir>', 'the run\'s folder (default: the next free one under runs/)')
    .option('--resume', 'go on with the run in --run', false)
    .option('--config <file>', 'a run file (YAML) with any configuration keys')
    .option('--set <key=value>', 'set one configuration key; may be repeated', collect, [])
    .option('--json', 'print the final results as JSON on stdout', false)
    .action(action);
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;
}

function explain(error: CommanderError, program: Command, argv: readonly string[]): string {
  const text = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
  if (error.code === 'commander.unknownCommand') {
    const names = program.commands.map((command) => command.name());
    return `the command must be one of ${names.join(', ')}, got "${argv[0] ?? ''}".${didYouMean(argv[0] ?? '', names)}`;
  }
  return text;
}
