import { mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { CellIndex } from '../../../../shared/benchmarks/nasbench101/cellIndex.js';
import { enumerateCells } from '../../../../shared/benchmarks/nasbench101/enumerate.js';
import { MAX_NEIGHBOURS, MoveGenerator } from '../../../../shared/benchmarks/nasbench101/moves.js';
import { buildNeighbourGraph, type NeighbourGraph } from '../../../../shared/benchmarks/nasbench101/neighbourGraph.js';
import { packageRoot } from '../../../../shared/paths.js';

/** Compiles shared/benchmarks/nasbench101 and what it imports as `npm run build` would, since worker threads load compiled files. */
function compile(): string {
  const out = mkdtempSync(join(tmpdir(), 'archwalk-nb101-compiled-'));
  const options = { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } };
  for (const folder of ['shared', 'shared/benchmarks', 'shared/benchmarks/nasbench101']) {
    mkdirSync(join(out, folder), { recursive: true });
    for (const file of readdirSync(join(packageRoot, folder)).filter((name) => name.endsWith('.ts'))) {
      const text = ts.transpileModule(readFileSync(join(packageRoot, folder, file), 'utf8'), options).outputText;
      writeFileSync(join(out, folder, file.replace(/\.ts$/, '.js')), text);
    }
  }
  writeFileSync(join(out, 'package.json'), '{"type": "module"}');
  symlinkSync(join(packageRoot, 'node_modules'), join(out, 'node_modules'));
  return out;
}

const CELLS = enumerateCells(6);

/** The neighbour codes that the graph stores for a row. */
const stored = (graph: NeighbourGraph, row: number): number[] => [...graph.neighbours.subarray(graph.offsets[row], graph.offsets[row + 1])].map((other) => CELLS[other]!);

describe('buildNeighbourGraph', () => {
  let module: { buildNeighbourGraph: typeof buildNeighbourGraph };
  let folder: string;
  beforeAll(async () => {
    folder = compile();
    module = (await import(/* @vite-ignore */ pathToFileURL(join(folder, 'shared/benchmarks/nasbench101/neighbourGraph.js')).href)) as typeof module;
  });

  it('by two worker threads equals the moves, with progress to the end', async () => {
    const progress: number[] = [];
    const graph = await module.buildNeighbourGraph(CELLS, (done, total) => progress.push(done / total), 2);
    expect(progress.at(-1)).toBe(1);
    expect(progress.length).toBeGreaterThan(10);
    const index = new CellIndex(CELLS);
    const generator = new MoveGenerator();
    const found = new Uint32Array(MAX_NEIGHBOURS);
    const wrong: number[] = [];
    for (let row = 0; row < CELLS.length; row += 37) {
      const listed = [...found.subarray(0, generator.neighbours(CELLS[row]!, found))].filter((code) => index.rowOf(code) >= 0);
      if (listed.join() !== stored(graph, row).join()) wrong.push(row);
    }
    expect(wrong).toEqual([]);
    expect(graph.offsets).toHaveLength(CELLS.length + 1);
    expect(graph.offsets[CELLS.length]).toBe(graph.neighbours.length);
  });

  it('is the same in one thread', async () => {
    const small = enumerateCells(5);
    expect(await module.buildNeighbourGraph(small, undefined, 1)).toEqual(await buildNeighbourGraph(small));
  });

  it('fails where a worker cannot start', async () => {
    const broken = compile();
    writeFileSync(join(broken, 'shared/benchmarks/nasbench101/neighbourWorker.js'), 'process.exit(3)');
    const other = (await import(/* @vite-ignore */ pathToFileURL(join(broken, 'shared/benchmarks/nasbench101/neighbourGraph.js')).href)) as typeof module;
    await expect(other.buildNeighbourGraph(CELLS, undefined, 2)).rejects.toThrow(/must hand in its part before it ends, got exit code 3/);
  });
});

describe('CellIndex', () => {
  it('finds every row and no other code', () => {
    const index = new CellIndex(CELLS);
    expect(CELLS.every((code, row) => index.rowOf(code) === row)).toBe(true);
    expect([0, 1, 2 ** 31, 0xffffffff].map((code) => index.rowOf(code))).toEqual([-1, -1, -1, -1]);
  });
});
