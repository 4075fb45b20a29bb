/** @file The command line as a whole: one line for what it cannot read. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { didYouMean } from '../../shared/config/nearest.js';
import { ConfigError } from '../../shared/errors.js';
import type { MainContext } from '../../shared/lifecycle.js';
import { packageRoot } from '../../shared/paths.js';
import { addSubcommands } from './subcommands.js';

/** Runs one command line. @returns its exit code @throws ConfigError for a command line that is none */
export async function runProgram(argv: readonly string[], context: MainContext): Promise<number> {
  let code = 0;
  const program = new Command('archwalk')
    .description('Trains agents that walk neural-architecture search spaces, and searches with them under a query budget.')
    .version(packageVersion())
    .showSuggestionAfterError(true)
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
  addSubcommands(program, context, (work) => work.then((result) => void (code = result)));
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || error.code === 'commander.help') return 0;
    throw new ConfigError(explain(error, program, argv));
  }
  return code;
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
