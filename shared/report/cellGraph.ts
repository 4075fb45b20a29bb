/**
 * @file An architecture's JSON (the shapes of `archwalk inspect`) as the graphs a reader expects to see: one for a NAS-Bench-101 or
 * NAS-Bench-201 cell, two (normal and reduction) for a NAS-Bench-301 architecture.
 */
import type { ArchitectureJson } from '../benchmarks/types.js';

export type CellPart = 'input' | 'output' | 'sum' | 'convolution' | 'pooling' | 'skip' | 'other';

export interface CellNode {
  readonly id: string;
  readonly label: string;
  readonly part: CellPart;
}

export interface CellEdge {
  readonly from: string;
  readonly to: string;
  /** Empty where the edge only carries data. */
  readonly label: string;
  readonly part: CellPart;
}

export interface CellGraph {
  /** Empty where the architecture is one cell. */
  readonly title: string;
  readonly nodes: readonly CellNode[];
  readonly edges: readonly CellEdge[];
}

/** The graphs of an architecture; none where its JSON has a shape of the user's own. */
export function cellGraphs(architecture: ArchitectureJson): CellGraph[] {
  const { adjacency, operations, architecture: text, normal, reduce } = architecture;
  if (Array.isArray(adjacency) && Array.isArray(operations)) return [operationsOnNodes(adjacency as number[][], operations as string[])];
  if (typeof text === 'string' && text.startsWith('|')) return [operationsOnEdges(text)];
  if (Array.isArray(normal) && Array.isArray(reduce)) {
    return [genotypeCell('normal cell', normal as Pair[]), genotypeCell('reduction cell', reduce as Pair[])];
  }
  return [];
}

/** NAS-Bench-101: labelled vertices, plain edges. */
function operationsOnNodes(adjacency: readonly (readonly number[])[], operations: readonly string[]): CellGraph {
  const nodes = operations.map((operation, i) => ({ id: String(i), label: shortName(operation), part: partOf(operation) }));
  const edges = adjacency.flatMap((row, from) => row.flatMap((bit, to) => (bit === 1 ? [plainEdge(String(from), String(to))] : [])));
  return { title: '', nodes, edges };
}

/** NAS-Bench-201: `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`; an edge whose operation is `none` is left out. */
function operationsOnEdges(text: string): CellGraph {
  const edges = text.split('+').flatMap((node, i) =>
    node.split('|').filter((part) => part.includes('~')).flatMap((part): CellEdge[] => {
      const [operation = '', from = ''] = part.split('~');
      return operation === 'none' ? [] : [{ from, to: String(i + 1), label: shortName(operation), part: partOf(operation) }];
    }));
  const last = text.split('+').length;
  const nodes = Array.from({ length: last + 1 }, (_, i): CellNode => ({
    id: String(i), label: i === 0 ? 'input' : i === last ? 'output' : String(i), part: i === 0 ? 'input' : i === last ? 'output' : 'sum',
  }));
  return { title: '', nodes, edges };
}

type Pair = readonly [operation: string, input: number];

/** NAS-Bench-301: two pairs a node in DARTS order; inputs 0 and 1 are the two cells before, 2.. the nodes; all nodes are concatenated. */
function genotypeCell(title: string, pairs: readonly Pair[]): CellGraph {
  const count = pairs.length / 2;
  const nodes: CellNode[] = [
    { id: '0', label: 'cell k-2', part: 'input' },
    { id: '1', label: 'cell k-1', part: 'input' },
    ...Array.from({ length: count }, (_, i): CellNode => ({ id: String(i + 2), label: String(i), part: 'sum' })),
    { id: 'output', label: 'output', part: 'output' },
  ];
  const edges = pairs.map(([operation, input], i): CellEdge => ({
    from: String(input), to: String(Math.floor(i / 2) + 2), label: shortName(operation), part: partOf(operation),
  }));
  return { title, nodes, edges: [...edges, ...Array.from({ length: count }, (_, i) => plainEdge(String(i + 2), 'output'))] };
}

function plainEdge(from: string, to: string): CellEdge {
  return { from, to, label: '', part: 'other' };
}

function partOf(operation: string): CellPart {
  if (operation === 'input' || operation === 'output') return operation;
  if (operation.includes('pool')) return 'pooling';
  if (operation.includes('skip')) return 'skip';
  return operation.includes('conv') ? 'convolution' : 'other';
}

/** `nor_conv_3x3` and `conv3x3-bn-relu` become "conv 3×3", `sep_conv_5x5` "sep conv 5×5", `skip_connect` "skip". */
function shortName(operation: string): string {
  return operation.replace('-bn-relu', '').replace(/^nor_/, '').replace('skip_connect', 'skip')
    .replaceAll('_', ' ').replace(/(\d)x(\d)/, '$1×$2').replace(/(conv|pool)(\d)/, '$1 $2').replace('maxpool', 'max pool');
}
