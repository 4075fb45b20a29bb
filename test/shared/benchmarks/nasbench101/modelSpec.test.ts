import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeRow, readRowCell } from '../../../../shared/benchmarks/nasbench101/metricsRow.js';
import { keptVertices, readModelSpec, writeModelSpec } from '../../../../shared/benchmarks/nasbench101/modelSpec.js';
import { ModuleHasher } from '../../../../shared/benchmarks/nasbench101/moduleHash.js';
import { nasbench101Space } from '../../../../shared/benchmarks/nasbench101/space.js';
import { readTfRecords } from '../../../../shared/benchmarks/nasbench101/tfrecord.js';
import { OutOfDomainError } from '../../../../shared/errors.js';
import { Rng } from '../../../../shared/rng.js';
import { testDataFolder } from '../../../testData.js';

const hasher = new ModuleHasher();
const CONV3 = 'conv3x3-bn-relu';
const CONV1 = 'conv1x1-bn-relu';
const POOL = 'maxpool3x3';
const matrix = (...rows: string[]): number[][] => rows.map((row) => Array.from(row, Number));

describe('readModelSpec', () => {
  // NAS-Bench-101's own example cell and its published parameter count.
  it('knows the cell 00005c142e6f48ac74fdcf73e3439874', () => {
    const spec = readModelSpec(
      matrix('0100110', '0010000', '0001001', '0000010', '0000010', '0000001', '0000000'),
      ['input', CONV3, POOL, CONV3, CONV3, CONV1, 'output'],
    );
    expect(hasher.hash(spec.code)).toBe('00005c142e6f48ac74fdcf73e3439874');
    expect(spec.parameters).toBe(8_555_530);
  });

  // 0 -> 1 -> 4 and 0 -> 4; vertex 2 is not reached from the input, vertex 3 does not reach the output.
  it('prunes what is not on a path from input to output', () => {
    const adjacency = matrix('01011', '00001', '00001', '00000', '00000');
    expect(keptVertices(adjacency)).toEqual([0, 1, 4]);
    const spec = readModelSpec(adjacency, ['input', CONV1, CONV3, CONV3, 'output']);
    expect(spec.adjacency).toEqual(matrix('011', '001', '000'));
    expect(spec.operations).toEqual(['input', CONV1, 'output']);
  });

  it('takes more than 7 vertices if at most 7 are left', () => {
    const adjacency = matrix('01000000', '00000001', '00000000', '00000000', '00000000', '00000000', '00000000', '00000000');
    expect(readModelSpec(adjacency, ['input', CONV3, 'x', 'x', 'x', 'x', 'x', 'output']).operations).toEqual(['input', CONV3, 'output']);
  });

  // By hand. Stem: 27 x 128 + 256 = 3,712. Identity cell: one 1x1 projection a module: k(i, o) = i o + 2 o:
  // k(128,128) x 3 + k(128,256) + 2 k(256,256) + k(256,512) + 2 k(512,512) = 49,920 + 33,280 + 132,096 + 132,096 + 526,336. Dense: 5,130.
  it('counts the parameters of input -> output', () => {
    expect(readModelSpec(matrix('01', '00'), ['input', 'output']).parameters).toBe(3_712 + 49_920 + 33_280 + 132_096 + 132_096 + 526_336 + 5_130);
  });

  it.each([
    ['8 vertices', matrix(...Array.from({ length: 8 }, (_, u) => Array.from({ length: 8 }, (_, v) => (v === u + 1 ? 1 : 0)).join(''))), ['input', ...new Array<string>(6).fill(CONV3), 'output'], /at most 7 vertices after pruning, got 8/],
    ['10 edges', matrix('0111110', '0000001', '0000001', '0000001', '0000001', '0000001', '0000000'), ['input', ...new Array<string>(5).fill(POOL), 'output'], /at most 9 edges after pruning, got 10/],
    ['an unknown operation', matrix('010', '001', '000'), ['input', 'conv5x5', 'output'], /operations\[1\] must be one of conv3x3-bn-relu, conv1x1-bn-relu, maxpool3x3, got "conv5x5"/],
    ['no path', matrix('010', '000', '000'), ['input', CONV3, 'output'], /output must be reachable from the input, got no path/],
    ['a lower entry', matrix('010', '001', '100'), ['input', CONV3, 'output'], /upper triangular .*got an edge 2 -> 0/],
    ['a self edge', matrix('010', '011', '000'), ['input', CONV3, 'output'], /upper triangular .*got an edge 1 -> 1/],
    ['an entry of 2', matrix('020', '001', '000'), ['input', CONV3, 'output'], /adjacency\[0\]\[1\] must be 0 or 1, got 2/],
    ['a hole', [[0, null], [0, 0]], ['input', 'output'], /adjacency\[0\]\[1\] must be 0 or 1, got null/],
    ['a short row', [[0, 1], [0]], ['input', 'output'], /adjacency\[1\] must have 2 entries, as there are rows, got 1/],
    ['a row that is none', [[0, 1], 7], ['input', 'output'], /adjacency\[1\] must have 2 entries, as there are rows, got 7/],
    ['one row', [[0]], ['input'], /at least 2 rows, got \[\[0\]\]/],
    ['no matrix', undefined, ['input'], /at least 2 rows, got nothing/],
    ['too few names', matrix('01', '00'), ['input'], /operations must list 2 names, one a vertex, got 1/],
    ['no names', matrix('01', '00'), 'input,output', /operations must list 2 names, one a vertex, got "input,output"/],
    ['another first', matrix('01', '00'), [CONV3, 'output'], /operations\[0\] must be "input", got "conv3x3-bn-relu"/],
    ['another last', matrix('01', '00'), ['input', 5], /operations\[1\] must be "output", got 5/],
  ])('refuses %s', (_, adjacency, operations, message) => {
    expect(() => readModelSpec(adjacency, operations)).toThrow(OutOfDomainError);
    expect(() => readModelSpec(adjacency, operations)).toThrow(message);
  });
});

describe('nasbench101Space', () => {
  const space = nasbench101Space;

  it('round-trips random cells through JSON, and contains them', () => {
    const rng = new Rng(3);
    const codes = new Uint32Array(2);
    const wrong: number[] = [];
    for (let i = 0; i < 2_000; i++) {
      space.randomCode(rng, codes, 1);
      if (!space.contains(codes, 1) || space.fromJson(space.toJson(codes, 1))[0] !== codes[1]) wrong.push(codes[1]!);
    }
    expect(wrong).toEqual([]);
  });

  it('contains canonical codes only', () => {
    const { code } = readModelSpec(matrix('0110', '0001', '0001', '0000'), ['input', CONV3, POOL, 'output']);
    // The same two parallel operations with their slots exchanged: bits 21..22 and 23..24.
    const exchanged = (code & ~(15 << 21)) | (((code >>> 21) & 3) << 23) | (((code >>> 23) & 3) << 21);
    expect([code, exchanged, 0, 0x80008000, 0xffffffff].map((value) => space.contains(Uint32Array.of(value), 0))).toEqual([true, false, false, false, false]);
  });

  // 0 -> 1 -> 6 and 0 -> 6: edge bits 0 (0,1), 15 (0,6), 16 (1,6); operation 3 (maxpool) in slot 1: row 21 + 2 = 23; 10 rows of padding.
  it('turns a cell into feature ids', () => {
    const { code } = readModelSpec(matrix('011', '001', '000'), ['input', POOL, 'output']);
    const out = new Uint16Array(15).fill(99);
    space.featureIds(Uint32Array.of(code), 0, out, 1);
    expect([...out]).toEqual([99, 16, 15, 0, 23, ...new Array<number>(10).fill(36)]);
  });

  it('has distinct feature sets for distinct cells', () => {
    const rng = new Rng(4);
    const codes = new Uint32Array(1);
    const out = new Uint16Array(space.features.active);
    const byFeatures = new Map<string, number>();
    let clashes = 0;
    for (let i = 0; i < 5_000; i++) {
      space.randomCode(rng, codes, 0);
      space.featureIds(codes, 0, out, 0);
      const key = out.join();
      if ((byFeatures.get(key) ?? codes[0]) !== codes[0]) clashes++;
      byFeatures.set(key, codes[0]!);
    }
    expect(clashes).toBe(0);
  });

  it.each([[null], ['cell'], [{}], [{ adjacency: [] }], [undefined]])('refuses %j', (json) => {
    expect(() => space.fromJson(json)).toThrow(/must be \{"adjacency"/);
  });

  it('writes the matrix that it read, for a canonical writing', () => {
    const spec = readModelSpec(matrix('011', '001', '000'), ['input', CONV1, 'output']);
    expect(writeModelSpec(spec.code)).toEqual({ adjacency: spec.adjacency, operations: spec.operations });
  });
});

const folder = testDataFolder();
describe.skipIf(folder === null)('EC-NAS-Bench rows', () => {
  const path = join(folder ?? '', 'nasbench101', 'ecnas_energy_5V9E.tfrecord');

  it('all 2,532 have the hash and the parameters that the file gives', async () => {
    const codes = new Set<number>();
    const wrong: string[] = [];
    const count = await readTfRecords(path, (record, offset) => {
      const row = decodeRow(record, `byte ${offset}`);
      const spec = readRowCell(row.cellText, `byte ${offset}`);
      codes.add(spec.code);
      if (hasher.hash(spec.code) !== row.moduleHash || spec.parameters !== row.trainableParameters) wrong.push(row.moduleHash);
    });
    expect(count).toBe(2_532);
    expect(codes.size).toBe(2_532);
    expect(wrong).toEqual([]);
  });
});
