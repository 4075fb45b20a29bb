import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createNasbench101, type RepeatPolicy } from '../../../../shared/benchmarks/nasbench101/benchmark.js';
import { enumerateCells } from '../../../../shared/benchmarks/nasbench101/enumerate.js';
import { buildNeighbourGraph } from '../../../../shared/benchmarks/nasbench101/neighbourGraph.js';
import { openNasbench101 } from '../../../../shared/benchmarks/nasbench101/open.js';
import { readPackedArrays, writePackedArrays } from '../../../../shared/benchmarks/nasbench101/packedArrays.js';
import { readTfRecordTable } from '../../../../shared/benchmarks/nasbench101/readTable.js';
import { budgetsCachePath, mainCachePath, readBudgetCache, readMainCache, writeTableCache, type CachedTable } from '../../../../shared/benchmarks/nasbench101/tableCache.js';
import { frameRecord } from '../../../../shared/benchmarks/nasbench101/tfrecord.js';
import { DatasetError } from '../../../../shared/errors.js';
import { syntheticMetrics, syntheticRow } from '../../../../scripts/bench/nasbench101Rows.js';

const CELLS = enumerateCells(4);
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'archwalk-nb101-cache-'));
  mkdirSync(join(folder, 'nasbench101'));
  return folder;
};
const expectRefused = async (work: Promise<unknown>, message: RegExp): Promise<void> => {
  const error: unknown = await work.catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(DatasetError);
  expect((error as Error).message).toMatch(message);
};

/** A synthetic table of the 91 cells of at most 4 vertices, as from the full file. */
async function synthetic(epochs: readonly number[] = [4, 12, 36, 108]): Promise<CachedTable> {
  const path = join(newFolder(), 'synthetic.tfrecord');
  const rows = epochs.flatMap((budget) => [...CELLS].flatMap((code) => [0, 1, 2].map((repeat) => frameRecord(Buffer.from(syntheticRow(code, budget, repeat))))));
  writeFileSync(path, Buffer.concat(rows));
  const cells = await readTfRecordTable(path, CELLS, 3);
  return { source: { file: 'synthetic.tfrecord', sizeBytes: readFileSync(path).length }, cells, graph: await buildNeighbourGraph(CELLS) };
}

describe('table cache', () => {
  it('gives back the table, its graph and the other budgets', async () => {
    const folder = newFolder();
    const table = await synthetic();
    await writeTableCache(folder, table);
    const cached = await readMainCache(folder);
    expect(cached.source).toEqual(table.source);
    expect(cached.graph).toEqual(table.graph);
    expect(cached.cells).toEqual({ ...table.cells, budgets: [table.cells.budgets[3]] });
    for (const [i, epochs] of [4, 12, 36].entries()) expect(await readBudgetCache(folder, epochs, cached.cells.codes)).toEqual(table.cells.budgets[i]);
    expect(readdirSync(join(folder, 'nasbench101')).sort()).toEqual(['nasbench101_108.archwalk', 'nasbench101_budgets.archwalk']);
  });

  it('opens as the benchmark, any budget, without the TFRecord', async () => {
    const folder = newFolder();
    await writeTableCache(folder, await synthetic());
    const code = CELLS[50]!;
    const out = new Float64Array(1);
    for (const epochs of [4, 108]) {
      const benchmark = await openNasbench101({ dataFolder: folder, epochs, repeats: { kind: 'fixed', repeat: 2 } });
      benchmark.testAccuracies(Uint32Array.of(code), 1, out);
      expect(out[0]).toBe(syntheticMetrics(code, epochs, 2).testAccuracy);
      expect(benchmark.description.backend).toBe('official');
      expect(benchmark.description.provenance).toContain(`synthetic.tfrecord), all 91 cells, CIFAR-10, ${epochs} epochs, repeats fixed:2 of 3`);
    }
    await expectRefused(openNasbench101({ dataFolder: folder, epochs: 50 }), /must hold 50 epochs, got 4, 12, 36/);
  });

  it('refuses a table without 108 epochs, and other budgets of other codes', async () => {
    await expectRefused(writeTableCache(newFolder(), await synthetic([4, 12])), /must hold 108 epochs, got 4, 12/);
    const folder = newFolder();
    await writeTableCache(folder, await synthetic());
    await expectRefused(readBudgetCache(folder, 4, enumerateCells(3)), /must belong to codes of CRC/);
  });

  it.each([
    ['one flipped bit in an array', (bytes: Buffer) => (bytes[bytes.length - 20]! ^= 4), /array \w+ at byte \d+ must have CRC/],
    ['one flipped bit in the header', (bytes: Buffer) => (bytes[20]! ^= 4), /the header must have CRC/],
    ['another start', (bytes: Buffer) => (bytes[0]! ^= 4), /must start with "ARCHWALK"/],
  ])('refuses %s', async (_, damage, message) => {
    const folder = newFolder();
    await writeTableCache(folder, await synthetic([108]));
    const bytes = readFileSync(mainCachePath(folder));
    damage(bytes);
    writeFileSync(mainCachePath(folder), bytes);
    await expectRefused(openNasbench101({ dataFolder: folder }), message);
  });

  it('refuses every truncation and an appended byte', async () => {
    const folder = newFolder();
    await writeTableCache(folder, await synthetic([108]));
    const bytes = readFileSync(mainCachePath(folder));
    for (let length = 0; length < bytes.length; length += 997) {
      writeFileSync(mainCachePath(folder), bytes.subarray(0, length));
      await expectRefused(readMainCache(folder), /must/);
    }
    writeFileSync(mainCachePath(folder), Buffer.concat([bytes, Buffer.from('x')]));
    await expectRefused(readMainCache(folder), /must be \d+ bytes long, got/);
  });
});

describe('packed arrays', () => {
  const path = join(newFolder(), 'packed');

  it('round-trips any lengths', async () => {
    const arrays = { a: Uint32Array.of(1, 2, 0xffffffff), b: new Float32Array(0), c: Float32Array.of(0.5) };
    await writePackedArrays(path, { format: 'test/1', metadata: { note: 'é' }, arrays });
    expect(await readPackedArrays(path, 'test/1')).toEqual({ format: 'test/1', metadata: { note: 'é' }, arrays });
  });

  it('refuses another format, an absent file, and an absent column', async () => {
    await expectRefused(readPackedArrays(path, 'test/2'), /must be of format test\/2, got test\/1/);
    await expectRefused(readPackedArrays(join(newFolder(), 'none'), 'test/1'), /must be a readable file/);
    const folder = newFolder();
    const metadata = { source: { file: 'x', sizeBytes: 1 }, repeats: 3, epochs: [108], codesCrc32c: 0 };
    await writePackedArrays(mainCachePath(folder), { format: 'archwalk-nasbench101-cells/1', metadata, arrays: { codes: Float32Array.of(1) } });
    await expectRefused(readMainCache(folder), /must hold Uint32Array codes, got Float32Array of 1/);
    await writePackedArrays(budgetsCachePath(folder), { format: 'archwalk-nasbench101-budgets/1', metadata: { ...metadata, epochs: [4] }, arrays: {} });
    await expectRefused(readBudgetCache(folder, 4, new Uint32Array(0)), /must hold Float32Array validationAccuracies4 of 0, got none/);
  });

  it('leaves nothing behind where it cannot write', async () => {
    const folder = newFolder();
    await expectRefused(writePackedArrays(join(folder, 'absent', 'x'), { format: 'test/1', metadata: null, arrays: {} }), /must be writable/);
    // A folder stands where the file should: the rename fails, the temporary file goes.
    mkdirSync(join(folder, 'taken', 'x'), { recursive: true });
    await expectRefused(writePackedArrays(join(folder, 'taken'), { format: 'test/1', metadata: null, arrays: { a: Uint32Array.of(1) } }), /must be writable/);
    expect(readdirSync(folder).sort()).toEqual(['nasbench101', 'taken']);
  });
});

describe('repeat policies', () => {
  it('answer with the mean, the k-th, or one drawn by the seed, the same for validation and test', async () => {
    const { cells, graph } = await synthetic([108]);
    const table = cells.budgets[0]!;
    const values = (repeats: RepeatPolicy): number[][] => {
      const benchmark = createNasbench101(cells, table, graph, { repeats, sampler: 'classes', source: 'synthetic', backend: 'official' });
      const [validation, test] = [new Float64Array(CELLS.length), new Float64Array(CELLS.length)];
      benchmark.validationAccuracies(CELLS, CELLS.length, validation);
      benchmark.testAccuracies(CELLS, CELLS.length, test);
      return [...validation].map((value, i) => [value, test[i]!]);
    };
    const rows = [...CELLS].map((code) => [0, 1, 2].map((repeat) => syntheticMetrics(code, 108, repeat)));
    expect(values({ kind: 'fixed', repeat: 1 })).toEqual(rows.map((row) => [row[1]!.validationAccuracy, row[1]!.testAccuracy]));
    values({ kind: 'mean' }).forEach(([validation], i) => expect(validation).toBeCloseTo(rows[i]!.reduce((sum, one) => sum + one.validationAccuracy / 3, 0), 12));
    const drawn = values({ kind: 'sampled', seed: 5 });
    const picked = drawn.map(([validation, test], i) => rows[i]!.findIndex((one) => one.validationAccuracy === validation && one.testAccuracy === test));
    expect(new Set(picked)).toEqual(new Set([0, 1, 2]));
    expect(values({ kind: 'sampled', seed: 5 })).toEqual(drawn);
    expect(values({ kind: 'sampled', seed: 6 })).not.toEqual(drawn);
  });
});
