/**
 * @file Which NAS-Bench-201 cells count as isomorphic: the published benchmark's own rule (its `unique_str` with zeros
 * considered), by which the 15,625 rows fall into 6,466 classes. A node is the sorted sum of its inputs' expressions, a
 * `skip_connect` edge passes its source's expression on, a `none` edge is "#". Rows of one class were trained separately and
 * differ in accuracy, so by default every row is an architecture of its own.
 */
import { cellCount, edgeSources, operationOf } from './architecture.js';

/** One term of a sum: an operation applied to its source's expression. */
function term(operation: number, source: string): string {
  if (operation === 0 || source === '#') return '#';
  return operation === 1 ? source : `(${source})@${operation}`;
}

/** The canonical expression of the cell's output, equal for isomorphic cells. */
export function canonicalExpression(code: number): string {
  const nodes = ['0'];
  for (let node = 1, edge = 0; node <= 3; node++) {
    const terms: string[] = [];
    for (let input = 0; input < node; input++, edge++) {
      terms.push(term(operationOf(code, edge), nodes[edgeSources[edge] as number] as string));
    }
    nodes.push(terms.sort().join('+'));
  }
  return nodes[3] as string;
}

/** uint16 [15625]: the smallest code of each code's isomorphism class. */
export function isomorphismRepresentatives(): Uint16Array {
  const first = new Map<string, number>();
  const representatives = new Uint16Array(cellCount);
  for (let code = 0; code < cellCount; code++) {
    const expression = canonicalExpression(code);
    const representative = first.get(expression) ?? code;
    if (representative === code) first.set(expression, code);
    representatives[code] = representative;
  }
  return representatives;
}
