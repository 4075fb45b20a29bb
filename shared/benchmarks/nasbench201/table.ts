/**
 * @file Reads a NAS-Bench-201 table: a gzipped CSV with a header and one row per cell, accuracies in percent (200 epochs,
 * mean over seeds). Streaming; nothing is returned unless all 15,625 rows are there, once each, with finite accuracies.
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { ArchwalkError, DatasetError } from '../../errors.js';
import { cellCount, formatArchitecture, parseArchitecture } from './architecture.js';

/** A whole table, by code. Accuracies are fractions in [0, 1]. */
export interface Nasbench201Table {
  /** f64 [15625]. */
  readonly validationAccuracies: Float64Array;
  /** f64 [15625]. */
  readonly testAccuracies: Float64Array;
}

const columns = { architecture: 'arch str', validation: 'validation accuracy', test: 'test accuracy' } as const;

/** Takes the lines one by one; `finish` returns the table. Errors carry no file name or line: the reader adds them. */
class TableBuilder {
  readonly #validation = new Float64Array(cellCount).fill(Number.NaN);
  readonly #test = new Float64Array(cellCount).fill(Number.NaN);
  readonly #lineOf = new Uint32Array(cellCount);
  #header: string[] | null = null;
  #rows = 0;

  add(line: string, number: number): void {
    const fields = line.split(',');
    if (this.#header === null) {
      this.#readHeader(fields);
      return;
    }
    if (fields.length !== this.#header.length) throw new DatasetError(`a row must have ${this.#header.length} fields, got ${fields.length}`);
    const code = parseArchitecture(this.#field(fields, columns.architecture));
    if (this.#lineOf[code] !== 0) throw new DatasetError(`an architecture must stand once, got ${formatArchitecture(code)} again (first at line ${this.#lineOf[code]})`);
    this.#validation[code] = this.#accuracy(fields, columns.validation);
    this.#test[code] = this.#accuracy(fields, columns.test);
    this.#lineOf[code] = number;
    this.#rows++;
  }

  finish(): Nasbench201Table {
    if (this.#rows !== cellCount) {
      const missing = formatArchitecture(this.#lineOf.indexOf(0));
      throw new DatasetError(`the table must hold ${cellCount} architectures, got ${this.#rows}; the first missing is ${missing}`);
    }
    return { validationAccuracies: this.#validation, testAccuracies: this.#test };
  }

  #readHeader(fields: string[]): void {
    for (const name of Object.values(columns)) {
      if (!fields.includes(name)) throw new DatasetError(`the header must have the column "${name}", got ${JSON.stringify(fields.join(','))}`);
    }
    this.#header = fields;
  }

  #field(fields: readonly string[], name: string): string {
    return fields[(this.#header as string[]).indexOf(name)] as string;
  }

  #accuracy(fields: readonly string[], name: string): number {
    const text = this.#field(fields, name);
    const percent = text.trim() === '' ? Number.NaN : Number(text);
    if (!(percent >= 0 && percent <= 100)) throw new DatasetError(`${name} must be a number in 0..100 percent, got ${JSON.stringify(text)}`);
    return percent / 100;
  }
}

/** The unpacked bytes of the gzip file at `path`; an error of either stream ends the iteration. */
async function* unpack(path: string): AsyncGenerator<Buffer> {
  const source = createReadStream(path);
  const unpacked = source.pipe(createGunzip());
  source.once('error', (error) => unpacked.destroy(error));
  try {
    yield* unpacked as AsyncIterable<Buffer>;
  } finally {
    source.destroy();
  }
}

/** Feeds each line of the unpacked chunks to `builder`; `at.line` is the line being read. */
async function feedLines(chunks: AsyncIterable<Buffer>, builder: TableBuilder, at: { line: number }): Promise<void> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) builder.add(line.replace(/\r$/, ''), ++at.line);
  }
  if (rest !== '') builder.add(rest, ++at.line);
}

/**
 * The table in the file at `path`.
 * @throws DatasetError naming the file, the line, what was required and what was found
 */
export async function readNasbench201Table(path: string): Promise<Nasbench201Table> {
  const builder = new TableBuilder();
  const at = { line: 0 };
  try {
    await feedLines(unpack(path), builder, at);
    return builder.finish();
  } catch (error) {
    const what = error instanceof ArchwalkError ? error.message : `the file must be a whole gzip stream, got "${(error as Error).message}"`;
    throw new DatasetError(`${path}, line ${at.line}: ${what}`, error);
  }
}
