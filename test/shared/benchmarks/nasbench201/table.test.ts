import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { cellCount, formatArchitecture } from '../../../../shared/benchmarks/nasbench201/architecture.js';
import { readNasbench201Table } from '../../../../shared/benchmarks/nasbench201/table.js';
import { DatasetError } from '../../../../shared/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'archwalk-nb201-'));
afterAll(() => rmSync(folder, { recursive: true }));

const header = 'file id,arch str,cfg name,C,N,train accuracy,validation accuracy,test accuracy';
const row = (code: number, validation: string | number = 50, test: string | number = 40): string => `${code},${formatArchitecture(code)},infer.tiny,16,5,99,${validation},${test}`;
const whole = (): string[] => [header, ...Array.from({ length: cellCount }, (_, code) => row(code, code / 200, code / 400))];

let files = 0;
function write(lines: readonly string[], change: (bytes: Buffer) => Uint8Array = (bytes) => bytes): string {
  const path = join(folder, `${files++}.csv.gz`);
  writeFileSync(path, change(gzipSync(`${lines.join('\n')}\n`, { level: 1 })));
  return path;
}

describe('reading a NAS-Bench-201 table', () => {
  it('turns percent into fractions, by code', async () => {
    const table = await readNasbench201Table(write(whole()));
    expect(table.validationAccuracies[10_000]).toBeCloseTo(0.5, 12);
    expect(table.testAccuracies[10_000]).toBeCloseTo(0.25, 12);
  });

  it('takes the rows in any order and a last line without an end', async () => {
    const lines = whole();
    const path = join(folder, 'reversed.csv.gz');
    writeFileSync(path, gzipSync([header, ...lines.slice(1).reverse()].join('\r\n'), { level: 1 }));
    expect((await readNasbench201Table(path)).validationAccuracies[200]).toBeCloseTo(0.01, 12);
  });

  it.each<[string, (lines: string[]) => string[], string]>([
    ['a missing column', (lines) => [header.replace('test accuracy', 'tests'), ...lines.slice(1)], 'line 1: the header must have the column "test accuracy"'],
    ['a short row', (lines) => lines.with(3, '2,|none~0|'), 'line 4: a row must have 8 fields, got 2'],
    ['a row twice', (lines) => lines.with(9, row(2)), `line 10: an architecture must stand once, got ${formatArchitecture(2)} again (first at line 4)`],
    ['NaN', (lines) => lines.with(2, row(1, 'nan')), 'line 3: validation accuracy must be a number in 0..100 percent, got "nan"'],
    ['no number', (lines) => lines.with(2, row(1, 5, '')), 'line 3: test accuracy must be a number in 0..100 percent, got ""'],
    ['more than 100 percent', (lines) => lines.with(2, row(1, 100.5)), 'line 3: validation accuracy must be a number in 0..100 percent, got "100.5"'],
    ['less than 0 percent', (lines) => lines.with(2, row(1, -1)), 'line 3: validation accuracy must be a number in 0..100 percent, got "-1"'],
    ['an unknown operation', (lines) => lines.with(2, row(1).replace('skip_connect', 'sep_conv')), 'line 3: a NAS-Bench-201 architecture must read'],
    ['missing rows', (lines) => lines.slice(0, 101), `line 101: the table must hold 15625 architectures, got 100; the first missing is ${formatArchitecture(100)}`],
    ['an empty file', () => [''], 'line 1: the header must have the column "arch str", got ""'],
  ])('refuses %s: file, line, what was required, what was found', async (_, change, words) => {
    const path = write(change(whole()));
    const error: unknown = await readNasbench201Table(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect((error as Error).message).toContain(`${path}, ${words}`);
  });

  it('refuses a truncated gzip file, though every line it still holds is right', async () => {
    const path = write(whole(), (bytes) => bytes.subarray(0, bytes.length - 5_000));
    await expect(readNasbench201Table(path)).rejects.toThrow(/, line \d+: the file must be a whole gzip stream, got "unexpected end of file"/);
  });

  it('refuses a file that cannot be read', async () => {
    await expect(readNasbench201Table(folder)).rejects.toThrow(`${folder}, line 0: the file must be a whole gzip stream, got "EISDIR`);
  });

  it('refuses a file that is no gzip', async () => {
    const path = write([], () => Buffer.from('arch str,validation accuracy,test accuracy\n'));
    await expect(readNasbench201Table(path)).rejects.toThrow('line 0: the file must be a whole gzip stream, got "incorrect header check"');
  });
});
