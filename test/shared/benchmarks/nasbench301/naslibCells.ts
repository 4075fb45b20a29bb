/** @file NASLib's 725 DARTS cells with NAS-Bench-301's own validation accuracies, from the tests' data folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { operations } from '../../../../shared/benchmarks/nasbench301/cellCode.js';
import { fromGenotype } from '../../../../shared/benchmarks/nasbench301/genotype.js';

export interface NaslibCell {
  readonly code: Uint32Array;
  /** Percent. */
  readonly accuracy: number;
  readonly parameters: number;
}

/** The file writes a genotype as "[[(input, operation index), … 8], [… 8]]". */
export function naslibCells(folder: string): NaslibCell[] {
  const file = JSON.parse(readFileSync(join(folder, 'nasbench301', 'naslib_zc_nasbench301_725.json'), 'utf8')) as {
    readonly cifar10: Readonly<Record<string, { readonly val_accuracy: number; readonly params: { readonly score: number } }>>;
  };
  return Object.entries(file.cifar10).map(([text, { val_accuracy: accuracy, params }]) => {
    const [normal, reduce] = JSON.parse(text.replaceAll('(', '[').replaceAll(')', ']')) as [[number, number][], [number, number][]];
    const named = (cell: [number, number][]): [string, number][] => cell.map(([input, operation]) => [operations[operation] as string, input]);
    return { code: fromGenotype({ normal: named(normal), reduce: named(reduce) }), accuracy, parameters: Math.round(1e6 * params.score) };
  });
}
