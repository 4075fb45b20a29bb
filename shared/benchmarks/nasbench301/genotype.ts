/**
 * @file DARTS genotypes as people write them, and back: {"normal": [["sep_conv_3x3", 0], … 8 pairs], "reduce": […]}, two
 * pairs a node. A node's two pairs may stand in either order; the canonical genotype has them sorted by input, and that is
 * what a code is. Renumbered nodes are different genotypes: the surrogates are not invariant to them.
 */
import { OutOfDomainError } from '../../errors.js';
import type { ArchitectureJson } from '../types.js';
import { decodeCell, encodeCell, inputPairs, newDecodedCell, nodeCount, operations, slotCount, slotInputs } from './cellCode.js';

export const cellNames = ['normal', 'reduce'] as const;

/** One cell: operation and input of each of its 8 slots. */
export type GenotypeCell = readonly (readonly [operation: string, input: number])[];
export interface Genotype {
  readonly normal: GenotypeCell;
  readonly reduce: GenotypeCell;
}

function cellOf(word: number): [string, number][] {
  const cell = newDecodedCell();
  decodeCell(word, cell);
  return Array.from({ length: slotCount }, (_, slot) => [
    operations[cell.operations[slot] as number] as string,
    slotInputs[cell.pairing * slotCount + slot] as number,
  ]);
}

/** The canonical genotype of the code [2] at `offset`. */
export function toGenotype(codes: Uint32Array, offset: number): Genotype & ArchitectureJson {
  return { normal: cellOf(codes[offset] as number), reduce: cellOf(codes[offset + 1] as number) };
}

/** The canonical id, e.g. `normal:sep_conv_3x3@0+skip_connect@1|…|…|…;reduce:…`, nodes parted by `|`. */
export function genotypeId(codes: Uint32Array, offset: number): string {
  return cellNames
    .map((name, side) => {
      const pairs = cellOf(codes[offset + side] as number).map(([operation, input]) => `${operation}@${input}`);
      return `${name}:${Array.from({ length: nodeCount }, (_, node) => `${pairs[2 * node]}+${pairs[2 * node + 1]}`).join('|')}`;
    })
    .join(';');
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** One [operation, input] of `where` (e.g. "normal[3]"), checked. @returns operation index and input */
function parsePair(pair: unknown, node: number, where: string): [number, number] {
  if (!Array.isArray(pair) || pair.length !== 2) throw new OutOfDomainError(`${where} must be [operation, input], got ${show(pair)}`);
  const [name, input] = pair as [unknown, unknown];
  const operation = operations.findIndex((known) => known === name);
  if (operation < 0) throw new OutOfDomainError(`${where}: the operation must be one of ${operations.join(', ')}, got ${show(name)}`);
  if (typeof input !== 'number' || !Number.isInteger(input) || input < 0 || input > node + 1) {
    throw new OutOfDomainError(`${where}: an input of node ${node} must be an integer in 0..${node + 1}, got ${show(input)}`);
  }
  return [operation, input];
}

function parseCell(cell: unknown, name: string): number {
  if (!Array.isArray(cell) || cell.length !== slotCount) {
    throw new OutOfDomainError(`${name} must be ${slotCount} pairs [operation, input], got ${Array.isArray(cell) ? `${cell.length}` : show(cell)}`);
  }
  const pairs: number[] = [];
  const slots: number[] = [];
  for (let node = 0; node < nodeCount; node++) {
    const both = [0, 1].map((side) => parsePair(cell[2 * node + side], node, `${name}[${2 * node + side}]`)) as [[number, number], [number, number]];
    const [low, high] = both.sort((a, b) => a[1] - b[1]);
    if (low[1] === high[1]) throw new OutOfDomainError(`${name}: the two inputs of node ${node} must differ, got ${low[1]} twice`);
    pairs.push((inputPairs[node] as (typeof inputPairs)[number]).findIndex((pair) => pair[0] === low[1] && pair[1] === high[1]));
    slots.push(low[0], high[0]);
  }
  return encodeCell(pairs, slots);
}

/**
 * The code of a genotype. `normal_concat` and `reduce_concat`, as DARTS prints them, may stand beside the cells and must be [2, 3, 4, 5].
 * @returns uint32 [2]
 * @throws OutOfDomainError naming the cell, the pair, what was required and what was found
 */
export function fromGenotype(json: unknown): Uint32Array {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new OutOfDomainError(`a NAS-Bench-301 architecture must be {"normal": […], "reduce": […]}, got ${show(json)}`);
  }
  const fields = json as Readonly<Record<string, unknown>>;
  for (const [key, value] of Object.entries(fields)) {
    if (key === 'normal' || key === 'reduce') continue;
    const concat = key === 'normal_concat' || key === 'reduce_concat';
    if (!concat) throw new OutOfDomainError(`a NAS-Bench-301 architecture must have normal and reduce only, got ${show(key)}`);
    if (show(value) !== '[2,3,4,5]') throw new OutOfDomainError(`${key} must be [2,3,4,5], got ${show(value)}`);
  }
  return Uint32Array.from(cellNames, (name) => parseCell(fields[name], name));
}
