/** @file dagre, as far as it is used here: its own type declarations do not resolve under Node's module rules. */
import * as dagreModule from '@dagrejs/dagre';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A node's centre and width. */
export interface Box extends Point {
  readonly width: number;
}

/** An edge's points from end to end, and its label's box (width 0 without one). */
export interface Route extends Box {
  readonly points: readonly Point[];
}

export interface LayoutGraph {
  setGraph(options: Readonly<Record<string, string | number>>): void;
  setNode(id: string, size: { width: number; height: number }): void;
  setEdge(from: string, to: string, label: { width: number; height: number; labelpos: string }, name: string): void;
  node(id: string): Box;
  edge(from: string, to: string, name: string): Route;
}

interface Dagre {
  readonly Graph: new (options: { multigraph: boolean }) => LayoutGraph;
  layout(graph: LayoutGraph): void;
}

/** `Graph` is filled, `layout` then gives its nodes and edges their places. */
export const { Graph, layout } = dagreModule as unknown as Dagre;
