/**
 * @file The slow twin of NAS-Bench-101's canonical form and moves: cells as edge lists in any numbering, isomorphism by trying
 * all permutations of the interior vertices, moves by the letter of docs/nasbench101.md. Shares no code with shared/.
 */
import type { Rng } from '../../../../shared/rng.js';

/** Vertex 0 is the input, the last one the output; edges may join any numbering of the interior. */
export interface SlowCell {
  readonly operations: readonly number[];
  readonly edges: readonly (readonly [number, number])[];
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}
const PERMUTATIONS = [0, 1, 2, 3, 4, 5].map((n) => permutations(Array.from({ length: n }, (_, i) => i + 1)));

/** Writes the cell in another order: vertex v becomes order[v]. */
export function renumber(cell: SlowCell, order: readonly number[]): SlowCell {
  const operations = [...cell.operations];
  order.forEach((to, from) => (operations[to] = cell.operations[from]!));
  return { operations, edges: cell.edges.map(([u, v]) => [order[u]!, order[v]!] as const) };
}

/** Smallest text over all writings of the cell: equal exactly for isomorphic cells. */
export function isomorphismKey(cell: SlowCell): string {
  const size = cell.operations.length;
  let best = '';
  for (const permutation of PERMUTATIONS[size - 2]!) {
    const order = [0, ...permutation, size - 1];
    const labels: number[] = new Array<number>(size).fill(0);
    order.forEach((to, from) => (labels[to] = cell.operations[from]!));
    // 49 bits of adjacency fit a number exactly.
    let matrix = 0;
    for (const [u, v] of cell.edges) matrix += 2 ** (order[u]! * size + order[v]!);
    const key = `${size}:${labels.join('')}:${String(matrix).padStart(16, '0')}`;
    if (best === '' || key < best) best = key;
  }
  return best;
}

function reachable(edges: SlowCell['edges'], from: number): Set<number> {
  const seen = new Set([from]);
  for (let grown = -1; grown !== seen.size; ) {
    grown = seen.size;
    for (const [u, v] of edges) if (seen.has(u)) seen.add(v);
  }
  return seen;
}

/** NASBench's pruning; null if the output is not reached. */
export function prune(cell: SlowCell): SlowCell | null {
  const last = cell.operations.length - 1;
  const forward = reachable(cell.edges, 0);
  const backward = reachable(cell.edges.map(([u, v]) => [v, u] as const), last);
  if (!forward.has(last)) return null;
  const kept = cell.operations.map((_, v) => v).filter((v) => forward.has(v) && backward.has(v));
  const edges = cell.edges.filter(([u, v]) => kept.includes(u) && kept.includes(v));
  return { operations: kept.map((v) => cell.operations[v]!), edges: edges.map(([u, v]) => [kept.indexOf(u), kept.indexOf(v)] as const) };
}

/** All moves, before pruning. */
function moves(cell: SlowCell): SlowCell[] {
  const { operations, edges } = cell;
  const last = operations.length - 1;
  const all = operations.map((_, v) => v);
  const interior = all.slice(1, -1);
  const has = (u: number, v: number): boolean => edges.some(([a, b]) => a === u && b === v);
  const acyclic = (u: number, v: number): boolean => u !== v && !reachable(edges, v).has(u);
  const out: SlowCell[] = [];
  for (const v of interior) for (const op of [1, 2, 3]) if (op !== operations[v]) out.push({ operations: operations.map((old, w) => (w === v ? op : old)), edges });
  for (const u of all) for (const v of all) if (!has(u, v) && acyclic(u, v)) out.push({ operations, edges: [...edges, [u, v]] });
  for (const edge of edges) out.push({ operations, edges: edges.filter((other) => other !== edge) });
  const shift = (v: number): number => (v === last ? last + 1 : v);
  const shifted = edges.map(([u, v]) => [shift(u), shift(v)] as const);
  for (const u of all) {
    for (const v of all) {
      if (!acyclic(u, v)) continue;
      for (const op of [1, 2, 3]) out.push({ operations: [...operations.slice(0, -1), op, 0], edges: [...shifted, [shift(u), last], [last, shift(v)]] });
    }
  }
  for (const v of interior) out.push({ operations, edges: edges.filter(([a, b]) => a !== v && b !== v) });
  return out;
}

/** Keys of the neighbours: moved, pruned, cells of the space, of other classes than the cell's own. */
export function neighbourKeys(cell: SlowCell): Set<string> {
  const keys = new Set<string>();
  for (const moved of moves(cell)) {
    const pruned = prune(moved);
    if (pruned !== null && pruned.operations.length <= 7 && pruned.edges.length <= 9) keys.add(isomorphismKey(pruned));
  }
  keys.delete(isomorphismKey(cell));
  return keys;
}

/** A cell from a code, by cell.ts's layout: edge u -> v is bit u + v(v-1)/2, operations from bit 21, the output in slot 6. */
export function slowCell(code: number): SlowCell {
  const slots = [0, 1, 2, 3, 4, 5, 6].filter((s) => s === 0 || s === 6 || ((code >>> (19 + 2 * s)) & 3) !== 0);
  const edges: [number, number][] = [];
  slots.forEach((a, u) => {
    slots.forEach((b, v) => {
      if (a < b && ((code >>> (a + (b * (b - 1)) / 2)) & 1) === 1) edges.push([u, v]);
    });
  });
  return { operations: slots.map((s) => (s === 0 || s === 6 ? 0 : (code >>> (19 + 2 * s)) & 3)), edges };
}

/** A random order of the interior vertices, input and output in place. */
export function randomOrder(size: number, rng: Rng): number[] {
  const choices = PERMUTATIONS[size - 2]!;
  return [0, ...choices[rng.int(choices.length)]!, size - 1];
}

/** The cell in shared/'s working form, in this numbering. */
export function workingForm(cell: SlowCell): { targets: Int32Array; operations: Int32Array } {
  const targets = new Int32Array(7);
  const operations = new Int32Array(7);
  const slot = (v: number): number => (v === cell.operations.length - 1 ? 6 : v);
  for (const [u, v] of cell.edges) targets[slot(u)]! |= 1 << slot(v);
  cell.operations.slice(1, -1).forEach((op, i) => (operations[i + 1] = op));
  return { targets, operations };
}
