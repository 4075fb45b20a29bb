/** @file What a NAS-Bench-101 file says of each cell, as columns, and how its rows become them. */
import { DatasetError } from '../../errors.js';
import { CellIndex } from './cellIndex.js';
import { readRowCell, type MetricsRow } from './metricsRow.js';
import { ModuleHasher } from './moduleHash.js';

/** Accuracies at one epoch budget. Dimensions: C cells, R repeats; row-major [C, R]. */
export interface AccuracyTable {
  readonly epochs: number;
  /** R, trainings of each cell. */
  readonly repeats: number;
  /** float32 [C, R], fractions; the files' own values are float32. */
  readonly validationAccuracies: Float32Array;
  /** float32 [C, R], fractions. */
  readonly testAccuracies: Float32Array;
  /** float32 [C, R], seconds. */
  readonly trainingSeconds: Float32Array;
}

/** All that a file says. */
export interface CellTable {
  /** uint32 [C], ascending canonical codes. */
  readonly codes: Uint32Array;
  /** uint32 [C], trainable parameters as the file counts them (those of its writing of the cell). */
  readonly parameters: Uint32Array;
  /** By epoch budget, ascending. */
  readonly budgets: readonly AccuracyTable[];
}

interface Columns {
  readonly counts: Uint8Array;
  readonly validation: Float32Array;
  readonly test: Float32Array;
  readonly seconds: Float32Array;
}

/** Collects rows into columns; refuses rows that contradict their cell, and tables that are not whole. */
export class CellTableBuilder {
  readonly #codes: Uint32Array;
  readonly #repeats: number;
  readonly #index: CellIndex;
  readonly #hasher = new ModuleHasher();
  readonly #hashStart: Uint32Array;
  readonly #parameters: Uint32Array;
  readonly #budgets = new Map<number, Columns>();

  /**
   * @param codes    uint32 [C], ascending: the cells that the file must hold, all of them
   * @param repeats  R, rows that it must hold for each cell and epoch budget
   */
  constructor(codes: Uint32Array, repeats: number) {
    this.#codes = codes;
    this.#repeats = repeats;
    this.#index = new CellIndex(codes);
    this.#hashStart = new Uint32Array(codes.length);
    this.#parameters = new Uint32Array(codes.length);
  }

  /**
   * @param where names the row in complaints
   * @throws DatasetError if the cell, its hash or its number of repeats is not as it must be
   */
  add(row: MetricsRow, where: string): void {
    const spec = readRowCell(row.cellText, where);
    const cell = this.#index.rowOf(spec.code);
    if (cell < 0) throw new DatasetError(`${where}: the cell must be one of the ${this.#codes.length} of this table, got module hash ${row.moduleHash}`);
    this.#checkHash(cell, row.moduleHash, where);
    const columns = this.#columns(row.epochs);
    const repeat = columns.counts[cell]!++;
    if (repeat >= this.#repeats) throw new DatasetError(`${where}: a cell must have ${this.#repeats} rows at ${row.epochs} epochs, got another of module hash ${row.moduleHash}`);
    this.#parameters[cell] = row.trainableParameters;
    const at = cell * this.#repeats + repeat;
    columns.validation[at] = row.validationAccuracy;
    columns.test[at] = row.testAccuracy;
    columns.seconds[at] = row.trainingSeconds;
  }

  /** The hash is computed once a cell; later rows of the cell are held to its first 31 bits. */
  #checkHash(cell: number, found: string, where: string): void {
    const start = (Number.parseInt(found.slice(0, 8), 16) | 1) >>> 0;
    if (this.#hashStart[cell] === start) return;
    const required = this.#hasher.hash(this.#codes[cell]!);
    if (found !== required) throw new DatasetError(`${where}: the cell's module hash must be ${required}, got ${found}`);
    this.#hashStart[cell] = start;
  }

  #columns(epochs: number): Columns {
    const known = this.#budgets.get(epochs);
    if (known !== undefined) return known;
    const size = this.#codes.length * this.#repeats;
    const columns = { counts: new Uint8Array(this.#codes.length), validation: new Float32Array(size), test: new Float32Array(size), seconds: new Float32Array(size) };
    this.#budgets.set(epochs, columns);
    return columns;
  }

  /**
   * @param source names the file in complaints
   * @throws DatasetError if a cell lacks rows
   */
  finish(source: string): CellTable {
    if (this.#budgets.size === 0) throw new DatasetError(`${source} must hold rows, got none`);
    const budgets: AccuracyTable[] = [];
    for (const [epochs, columns] of [...this.#budgets].sort(([a], [b]) => a - b)) {
      const lacking = columns.counts.findIndex((count) => count !== this.#repeats);
      if (lacking >= 0) {
        throw new DatasetError(
          `${source} must hold ${this.#repeats} rows at ${epochs} epochs for each of ${this.#codes.length} cells, got ${columns.counts[lacking]} for module hash ${this.#hasher.hash(this.#codes[lacking]!)}`,
        );
      }
      budgets.push({ epochs, repeats: this.#repeats, validationAccuracies: columns.validation, testAccuracies: columns.test, trainingSeconds: columns.seconds });
    }
    return { codes: this.#codes, parameters: this.#parameters, budgets };
  }
}
