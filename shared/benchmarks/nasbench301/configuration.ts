/**
 * @file A genotype in the terms of NAS-Bench-301's official configuration space: 34 architecture hyperparameters, `edge_<cell>_<0..13>` the
 * operation on each possible edge, active only where the node has that input, and `inputs_node_<cell>_<3..5>` the two inputs of
 * a node ("0_2"); the first node's inputs are always 0 and 1. The other 22 hyperparameters of the space are those of training,
 * the same for every architecture. Also YAHPO's coding of the same 34, the input of its surrogate.
 */
import { OutOfDomainError } from '../../errors.js';
import { decodeCell, edgeCount, encodeCell, inputPairs, newDecodedCell, nodeCount, operations, pairIndices, slotCount, slotEdges, firstEdge } from './cellCode.js';
import { cellNames } from './genotype.js';

const prefix = 'NetworkSelectorDatasetInfo:darts:';
/** Number of architecture hyperparameters. */
export const vectorLength = 34;

const edgeName = (cell: string, edge: number): string => `${prefix}edge_${cell}_${edge}`;
const inputsName = (cell: string, node: number): string => `${prefix}inputs_node_${cell}_${node + 2}`;
const choiceNames = (node: number): string[] => (inputPairs[node] as (typeof inputPairs)[number]).map(([low, high]) => `${low}_${high}`);
const byText = (a: number, b: number): number => (String(a) < String(b) ? -1 : 1);

/** The 34 names in the official space's order: unconditional ones first, then the conditional edges, each sorted as text. */
export const configurationNames: readonly string[] = [
  ...cellNames.flatMap((cell) => [0, 1].map((edge) => edgeName(cell, edge))),
  ...cellNames.flatMap((cell) => [1, 2, 3].map((node) => inputsName(cell, node))),
  ...cellNames.flatMap((cell) => Array.from({ length: edgeCount - 2 }, (_, i) => i + 2).sort(byText).map((edge) => edgeName(cell, edge))),
];

/** The active hyperparameters of the code [2] at `offset`, by official name. */
export function toConfiguration(codes: Uint32Array, offset: number): Record<string, string> {
  const values: Record<string, string> = {};
  const cell = newDecodedCell();
  cellNames.forEach((name, side) => {
    decodeCell(codes[offset + side] as number, cell);
    for (let slot = 0; slot < slotCount; slot++) {
      values[edgeName(name, slotEdges[cell.pairing * slotCount + slot] as number)] = operations[cell.operations[slot] as number] as string;
    }
    for (let node = 1; node < nodeCount; node++) {
      values[inputsName(name, node)] = choiceNames(node)[pairIndices[cell.pairing * nodeCount + node] as number] as string;
    }
  });
  return values;
}

function takeChoice(values: ReadonlyMap<string, unknown>, name: string, choices: readonly string[]): number {
  const found = values.get(name);
  const index = choices.findIndex((choice) => choice === found);
  if (index < 0) throw new OutOfDomainError(`${name} must be one of ${choices.join(', ')}, got ${found === undefined ? 'nothing' : JSON.stringify(found)}`);
  return index;
}

/**
 * The code of a configuration; hyperparameters that are no architecture's are passed over.
 * @returns uint32 [2]
 * @throws OutOfDomainError for a missing or unknown choice, and for an edge that must be inactive
 */
export function fromConfiguration(configuration: Readonly<Record<string, unknown>>): Uint32Array {
  const values = new Map(Object.entries(configuration));
  const active = new Set<string>();
  const words = cellNames.map((cell) => {
    const pairs = [0, 1, 2, 3].map((node) => (node === 0 ? 0 : takeChoice(values, inputsName(cell, node), choiceNames(node))));
    const slots = pairs.flatMap((index, node) =>
      ((inputPairs[node] as (typeof inputPairs)[number])[index] as readonly [number, number]).map((input) => {
        const name = edgeName(cell, (firstEdge[node] as number) + input);
        active.add(name);
        return takeChoice(values, name, operations);
      }),
    );
    return encodeCell(pairs, slots);
  });
  for (const name of configurationNames) {
    if (name.includes(':edge_') && !active.has(name) && values.get(name) !== undefined) {
      throw new OutOfDomainError(`${name} must be inactive, since its node does not take that input, got ${JSON.stringify(values.get(name))}`);
    }
  }
  return Uint32Array.from(words);
}

/** The 34 as numbers in the order of `configurationNames`: index of the choice, NaN where inactive (as ConfigSpace's arrays have it). f64 [34]. */
export function toConfigurationVector(codes: Uint32Array, offset: number): Float64Array {
  const values = toConfiguration(codes, offset);
  return Float64Array.from(configurationNames, (name) => {
    const value = values[name];
    return value === undefined ? Number.NaN : choicesOf(name).indexOf(value);
  });
}

function choicesOf(name: string): readonly string[] {
  return name.includes(':edge_') ? operations : choiceNames(Number(name.slice(-1)) - 2);
}

/**
 * The code of a vector of `toConfigurationVector`.
 * @throws OutOfDomainError naming the hyperparameter
 */
export function fromConfigurationVector(vector: ArrayLike<number>): Uint32Array {
  if (vector.length !== vectorLength) throw new OutOfDomainError(`a configuration vector must have ${vectorLength} entries, got ${vector.length}`);
  const values: Record<string, unknown> = {};
  configurationNames.forEach((name, index) => {
    const value = vector[index] as number;
    if (!Number.isNaN(value)) values[name] = choicesOf(name)[value] ?? value;
  });
  return fromConfiguration(values);
}

/** YAHPO's category of each operation: 1 + its place among the sorted names; 0 stands for an inactive edge. */
const yahpoCategory = Uint8Array.from(operations, (name) => 1 + [...operations].sort().indexOf(name));
const cell = newDecodedCell();

/** Writes YAHPO's 34 categories of the code [2] at `offset` into `out` at `outOffset`: 14 + 14 edges, then 3 + 3 input pairs. */
export function toYahpoVector(codes: Uint32Array, offset: number, out: Int32Array, outOffset: number): void {
  out.fill(0, outOffset, outOffset + 2 * edgeCount);
  for (let side = 0; side < 2; side++) {
    decodeCell(codes[offset + side] as number, cell);
    const edges = outOffset + side * edgeCount;
    for (let slot = 0; slot < slotCount; slot++) {
      out[edges + (slotEdges[cell.pairing * slotCount + slot] as number)] = yahpoCategory[cell.operations[slot] as number] as number;
    }
    const pairs = outOffset + 2 * edgeCount + 3 * side - 1;
    for (let node = 1; node < nodeCount; node++) out[pairs + node] = 1 + (pairIndices[cell.pairing * nodeCount + node] as number);
  }
}
