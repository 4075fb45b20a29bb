/**
 * @file Flat vectors of a network that live in the session: weights and optimizer slots. Each is replaced whole, so that a run sees
 * either all of the old or all of the new.
 */
import type { Graph, Variable } from '../engine/graph.js';
import type { Call, Session } from '../engine/graphSession.js';
import { fromFlat, toFlat, type FlatLayout } from './graphNetwork.js';
import type { NamedArray } from './types.js';

/** A flat variable f32 [P] in the graph, to be bound to a session once the graph is whole. */
export interface FlatVariable {
  readonly variable: Variable;
  bind(session: Session): BoundVariable;
}

/** A flat variable of one session. */
export interface BoundVariable {
  /** @param arrays checked by the caller: the layout's names and shapes */
  set(arrays: readonly NamedArray[]): void;
  setZero(): void;
  /** Copies; `prefix` goes before each name. */
  get(prefix?: string): NamedArray[];
}

export function flatVariable(graph: Graph, name: string, layout: FlatLayout): FlatVariable {
  const variable = graph.variable(name, 'f32', [layout.size]);
  const fed = graph.placeholder('f32', [layout.size]);
  const assign = graph.assign(variable, fed);
  const value = graph.read(variable);
  return {
    variable,
    bind: (session) => {
      const write = session.prepare({ feeds: [fed], targets: [assign], inline: true });
      const read = session.prepare({ fetches: [value], inline: true });
      return boundVariable(layout, write, read);
    },
  };
}

function boundVariable(layout: FlatLayout, write: Call, read: Call): BoundVariable {
  const put = (values: Float32Array): void => write.run([{ values, shape: [layout.size] }], []);
  return {
    set: (arrays) => put(toFlat(layout, arrays)),
    setZero: () => put(new Float32Array(layout.size)),
    get: (prefix = '') => {
      const flat = new Float32Array(layout.size);
      read.run([], [flat]);
      return fromFlat(layout, flat, prefix);
    },
  };
}
