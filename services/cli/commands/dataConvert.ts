/** @file `archwalk data convert nasbench301 DIR`: the official tree ensembles, Python pickles, as the portable file that backends `ensemble-xgb` and `ensemble-lgb` read. */
import { ensemblePath } from '../../../shared/benchmarks/nasbench301/ensemble.js';
import { ConfigError, EXIT } from '../../../shared/errors.js';
import { convertEnsembles } from '../data/convertEnsembles.js';
import { ProgressLine, type ProgressStream } from '../progressLine.js';

export interface DataConvertOptions {
  /** ARCHWALK_DATA; the file goes there unless `out` names another place. */
  readonly dataFolder: string;
  readonly out?: string;
  readonly python: string;
  readonly json: boolean;
  readonly output: { write(text: string): unknown };
  /** Progress, and what was passed over. */
  readonly errors: ProgressStream;
}

/** @returns exit code @throws ConfigError for another benchmark or no such Python; DatasetError for a folder or model that cannot be converted */
export async function dataConvert(name: string, folder: string, options: DataConvertOptions): Promise<number> {
  if (name !== 'nasbench301') throw new ConfigError(`data convert must be given nasbench301, the benchmark whose models are pickles, got "${name}"`);
  const out = options.out ?? ensemblePath(options.dataFolder);
  const progress = new ProgressLine(options.errors);
  const { file, skipped } = await convertEnsembles({
    folder, out, python: options.python,
    onProgress: (label, done, total) => progress.show(label, done, total, 'members'),
  }).finally(() => progress.clear());
  for (const one of skipped) options.errors.write(`passed over, no tree ensemble: ${one}\n`);
  const ensembles = file.ensembles.map(({ label, target, members, library }) => ({ label, target, members: members.length, trees: members.reduce((sum, { trees }) => sum + trees, 0), library }));
  if (options.json) options.output.write(`${JSON.stringify({ file: out, sha256: file.sha256, ensembles })}\n`);
  else {
    for (const { label, target, members, trees, library } of ensembles) options.output.write(`${label}: ${target}, ${members} members, ${trees} trees, by ${library}; probe cells answered as the boosters do\n`);
    options.output.write(`written: ${out}\n`);
  }
  return EXIT.done;
}
