/**
 * @file How every benchmark script reports: one JSON line a figure, {name, value, unit, peer?, ratio?, machine, commit}. A figure is
 * the median of its repeats; what is not the figure goes to stderr.
 */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { packageRoot } from '../../shared/paths.js';

export interface Figure {
  /** e.g. `replay.add`. */
  readonly name: string;
  readonly value: number;
  /** e.g. `1/s`, `B`, `s`. */
  readonly unit: string;
  /** What it was measured against in the same run. */
  readonly peer?: string;
  /** Ours over the peer's; above 1 we are faster. */
  readonly ratio?: number;
}

/** Processor, cores, memory and Node version in one line. */
export function machineLine(): string {
  const [first] = cpus();
  return `${first?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
}

/** The commit measured, with `+` where the working tree differs from it; `unknown` outside a repository. */
export function commitLine(): string {
  try {
    const git = (...args: string[]): string => execFileSync('git', args, { cwd: packageRoot, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}

/** Writes one figure to stdout, its value to four digits (a whole number to all of them). */
export function report(figure: Figure): void {
  const rounded = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(4)));
  const { name, unit, peer, ratio } = figure;
  const line = { name, value: rounded(figure.value), unit, ...(peer === undefined ? {} : { peer }), ...(ratio === undefined ? {} : { ratio: rounded(ratio) }), machine: machineLine(), commit: commitLine() };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Units of work a second: the median of `repeats` runs of `work`, each of which does `units`, after one that is not counted. */
export function rate(units: number, repeats: number, work: () => void): number {
  work();
  return median(
    Array.from({ length: repeats }, () => {
      const start = performance.now();
      work();
      return (1000 * units) / (performance.now() - start);
    }),
  );
}
