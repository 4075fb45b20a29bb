/**
 * @file A NAS-Bench-201 cell (Dong and Yang 2020, arXiv:2001.00326): four nodes, every earlier one feeding every later one
 * through one of five operations. Its six edges in the order of the published string, (1<-0) (2<-0) (2<-1) (3<-0) (3<-1)
 * (3<-2), are the six base-5 digits of the code, first edge most significant, so a code is 0..15,624.
 */
import { OutOfDomainError } from '../../errors.js';

/** Index = digit. The order of the published search space. */
export const operations = ['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3'] as const;

export const edgeCount = 6;
/** Number of cells: 5^6. */
export const cellCount = 15_625;
/** Weight of each edge's digit in the code. */
export const digitWeights = [3125, 625, 125, 25, 5, 1] as const;
/** Source node of each edge; the target is 1, 2, 2, 3, 3, 3. */
export const edgeSources = [0, 0, 1, 0, 1, 2] as const;

/** The operation, 0..4, on `edge` 0..5 of `code`. */
export function operationOf(code: number, edge: number): number {
  return Math.trunc(code / (digitWeights[edge] as number)) % 5;
}

const partPattern = /^\|(?:[^|~]+~\d+\|)+$/;

function parsePart(part: string, node: number, whole: string): number[] {
  const bad = (found: string): OutOfDomainError =>
    new OutOfDomainError(
      `a NAS-Bench-201 architecture must read |op~0|+|op~0|op~1|+|op~0|op~1|op~2| with op one of ${operations.join(', ')}, got ${found} at node ${node} of ${JSON.stringify(whole)}`,
    );
  if (!partPattern.test(part)) throw bad(JSON.stringify(part));
  const edges = part.slice(1, -1).split('|');
  if (edges.length !== node) throw bad(`${edges.length} edges instead of ${node}`);
  return edges.map((edge, source) => {
    const [name, from] = edge.split('~') as [string, string];
    if (from !== String(source)) throw bad(`input ${from} instead of ${source}`);
    const operation = operations.findIndex((known) => known === name);
    if (operation < 0) throw bad(`operation ${JSON.stringify(name)}`);
    return operation;
  });
}

/**
 * The code of a published architecture string.
 * @throws OutOfDomainError naming the node and what was found there
 */
export function parseArchitecture(text: string): number {
  const parts = text.split('+');
  if (parts.length !== 3) {
    throw new OutOfDomainError(`a NAS-Bench-201 architecture must have 3 nodes joined by "+", got ${parts.length} in ${JSON.stringify(text)}`);
  }
  const digits = parts.flatMap((part, index) => parsePart(part, index + 1, text));
  return digits.reduce((code, digit) => code * 5 + digit, 0);
}

/** The published string of `code`. */
export function formatArchitecture(code: number): string {
  const edge = (index: number): string => `${operations[operationOf(code, index)] as string}~${edgeSources[index] as number}|`;
  return `|${edge(0)}+|${edge(1)}${edge(2)}+|${edge(3)}${edge(4)}${edge(5)}`;
}
