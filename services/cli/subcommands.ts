/** @file Every subcommand with its flags. What a command does is in commands/. */
import type { Command } from 'commander';
import { readEnvironment } from '../../shared/config/environment.js';
import { ConfigError } from '../../shared/errors.js';
import type { MainContext } from '../../shared/lifecycle.js';
import { METHOD_NAMES } from '../../shared/search/types.js';
import { type BenchmarkOptions, type FlagDefaults, benchmarkSetting, openWithProgress, withBenchmarkFlags } from './benchmarkOptions.js';
import { type DataOptions, dataGet, dataList, dataVerify } from './commands/data.js';
import { dataConvert } from './commands/dataConvert.js';
import { doctor } from './commands/doctor.js';
import { type EvaluateOptions, evaluate } from './commands/evaluate.js';
import { inspect } from './commands/inspect.js';
import { type PrepareOptions, prepare } from './commands/prepare.js';
import { type SearchOptions, search } from './commands/search.js';
import { type TrainOptions, train } from './commands/train.js';
import { collect, positiveNumber, wholeNumber } from './optionParsers.js';

/** Runs a command's work and keeps its exit code. */
export type Done = (work: Promise<number>) => Promise<void>;

export function addSubcommands(program: Command, context: MainContext, done: Done): void {
  addTrain(program, context, done);
  addPrepare(program, done);
  addEvaluate(program, context, done);
  addSearch(program, context, done);
  addInspect(program, done);
  addData(program, done);
  addDoctor(program, done);
}

const runsOwn: FlagDefaults = { benchmark: 'default: the run\'s own', dataset: 'default: the run\'s own', backend: 'default: the run\'s own' };

/** The flags that describe a new run. */
function withRunFlags(command: Command): Command {
  return withBenchmarkFlags(command, { benchmark: 'default: nasbench301', dataset: 'default: cifar10', backend: 'default: auto' })
    .option('--preset <name>', 'small or paper')
    .option('--minutes <m>', 'stop training after this time', positiveNumber)
    .option('--learner-steps <n>', 'stop training after this many learner steps', wholeNumber(1))
    .option('--seed <s>', 'seed of every random number', wholeNumber(0))
    .option('--config <file>', 'a run file (YAML) with any configuration keys')
    .option('--set <key=value>', 'set one configuration key; may be repeated', collect, []);
}

function addTrain(program: Command, context: MainContext, done: Done): void {
  withRunFlags(program.command('train').description('train an agent with local processes; ends with an evaluation table'))
    .option('--actors <n>', 'actor processes', wholeNumber(1))
    .option('--run <dir>', 'the run\'s folder (default: the next free one under runs/)')
    .option('--resume', 'go on with the run in --run', false)
    .option('--json', 'print the final results as JSON on stdout', false)
    .action((options: TrainOptions) => done(train(options, context)));
}

function addPrepare(program: Command, done: Done): void {
  withRunFlags(program.command('prepare').description('make a run\'s folder and configuration for services started otherwise; does nothing where it is there'))
    .requiredOption('--run <dir>', 'the run\'s folder')
    .action((options: PrepareOptions) => done(prepare(options)));
}

function addEvaluate(program: Command, context: MainContext, done: Done): void {
  const command = program.command('evaluate').description('compare a trained agent with other methods under the same query budgets');
  withBenchmarkFlags(command, { ...runsOwn, dataset: 'default: the run\'s own; another one shows transfer' })
    .option('--run <dirs>', 'the run\'s folder; several training seeds with commas between them')
    .option('--budgets <list>', 'query budgets with commas between them')
    .option('--seeds <n>', 'searches a method', wholeNumber(1))
    .option('--first-seed <s>', 'seed of the first search', wholeNumber(0))
    .option('--methods <list>', `${METHOD_NAMES.join(', ')}, or all`)
    .option('--judge <backend>', 'score the cells found by another backend than the one searched')
    .option('--out <dir>', 'default: evaluation/ in the run\'s folder')
    .option('--json', 'print results.json on stdout instead of the table', false)
    .action((options: EvaluateOptions) => done(evaluate(options, context)));
}

function addSearch(program: Command, context: MainContext, done: Done): void {
  const command = program.command('search').description('one search under a query budget, on the benchmark or on an objective of your own; the same command resumes it');
  withBenchmarkFlags(command, runsOwn)
    .requiredOption('--budget <n>', 'queries', wholeNumber(1))
    .option('--run <dir>', 'the folder of the run whose agent searches')
    .option('--method <name>', 'default: agent; the others need no run')
    .option('--seed <s>', 'seed of the search', wholeNumber(0))
    .option('--objective-command <cmd>', 'shell command: architecture as JSON on its stdin, validation accuracy (0..1) on its stdout')
    .option('--objective-url <url>', 'service that gets the architecture as JSON by POST and answers the validation accuracy')
    .option('--timeout-seconds <t>', 'longest time of one evaluation (default: a day)', positiveNumber)
    .option('--retries <n>', 'further attempts after a failed evaluation (default: 2)', wholeNumber(0))
    .option('--parallel <n>', 'evaluations at once where the method allows (default: 1)', wholeNumber(1))
    .option('--out <dir>', 'the search\'s folder (default: searches/ in the run\'s folder)')
    .option('--json', 'print the best architecture and the history as JSON on stdout', false)
    .action((options: SearchOptions) => done(search(options, context)));
}

function addInspect(program: Command, done: Done): void {
  const command = program
    .command('inspect')
    .description('architectures as JSON lines on stdin; validity, id, accuracies (and neighbours) as JSON lines on stdout');
  withBenchmarkFlags(command, { benchmark: 'required', dataset: 'default: cifar10', backend: 'default: auto' })
    .option('--neighbours', 'add the sorted ids of all neighbours', false)
    .action((options: BenchmarkOptions & { neighbours: boolean }) => done(inspectStdin(options)));
}

async function inspectStdin({ neighbours, ...options }: BenchmarkOptions & { neighbours: boolean }): Promise<number> {
  if (options.benchmark === undefined) throw new ConfigError('inspect needs --benchmark NAME, got none');
  const benchmark = await openWithProgress(benchmarkSetting('inspect', options, null));
  return inspect({ benchmark, neighbours, input: process.stdin, output: process.stdout });
}

function addData(program: Command, done: Done): void {
  const data = program.command('data').description('official benchmark files: where they come from, downloading, checking');
  const options = (json: boolean): DataOptions => ({ dataFolder: readEnvironment().dataFolder, json, output: process.stdout, errors: process.stderr });
  data.command('list').description('sources, licences, sizes, checksums, and what is there').option('--json', 'print JSON', false)
    .action(({ json }: { json: boolean }) => done(dataList(options(json))));
  data.command('get').description('download a benchmark\'s files, going on where it stopped').argument('<name>').option('--json', 'print JSON', false)
    .action((name: string, { json }: { json: boolean }) => done(dataGet(name, options(json))));
  data.command('verify').description('read every file there is with its own reader').argument('[name]').option('--json', 'print JSON', false)
    .action((name: string | undefined, { json }: { json: boolean }) => done(dataVerify(name, options(json))));
  data.command('convert').description('official NAS-Bench-301 models (pickles: this runs their code) to the file that the ensemble backends read').argument('<name>', 'nasbench301').argument('<dir>', 'nb_models_1.0, or one ensemble of it')
    .option('--out <file>', 'where to (default: the data folder)').option('--python <command>', 'a Python 3 with numpy, xgboost and lightgbm', 'python3').option('--json', 'print JSON', false)
    .action((name: string, folder: string, { json, ...given }: { json: boolean; out?: string; python: string }) => done(dataConvert(name, folder, { ...options(json), ...given })));
}

function addDoctor(program: Command, done: Done): void {
  program
    .command('doctor')
    .description('what was found on this machine, each finding with its remedy')
    .option('--json', 'print the findings as JSON', false)
    .action((options: { json: boolean }) => done(doctor(options)));
}
