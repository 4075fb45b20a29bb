/** @file A cell as SVG: dagre lays it out, this draws it. Colours mark convolutions, pooling and skips; the labels say the same without them. */
import type { CellEdge, CellGraph, CellNode, CellPart } from './cellGraph.js';
import { escapeHtml } from './escape.js';
import { Graph, layout, type Box, type Point, type Route } from './layout.js';

export type Direction = 'LR' | 'TB';

const FILL: Readonly<Record<CellPart, string>> = {
  input: '#e8eaed', output: '#e8eaed', sum: '#ffffff', convolution: '#d6e6f5', pooling: '#fbe5c8', skip: '#ececec', other: '#ffffff',
};
const STROKE: Readonly<Record<CellPart, string>> = {
  input: '#5f6368', output: '#5f6368', sum: '#5f6368', convolution: '#0a62a8', pooling: '#a85d00', skip: '#808080', other: '#9aa0a6',
};
const HEIGHT = 26;
const MARGIN = 10;
const FONT_SIZE = 12;

/** @param direction LR for wide pages, TB for narrow ones */
export function cellSvg(cell: CellGraph, direction: Direction): string {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: direction, nodesep: 14, edgesep: 10, ranksep: direction === 'LR' ? 16 : 14, marginx: MARGIN, marginy: MARGIN });
  for (const node of cell.nodes) graph.setNode(node.id, { width: widthOf(node.label), height: HEIGHT });
  cell.edges.forEach((edge, i) => {
    const size = edge.label === '' ? { width: 0, height: 0 } : { width: widthOf(edge.label), height: 20 };
    graph.setEdge(edge.from, edge.to, { ...size, labelpos: 'c' }, String(i));
  });
  layout(graph);
  const routes = cell.edges.map((edge, i) => graph.edge(edge.from, edge.to, String(i)));
  const boxes = cell.nodes.map((node) => graph.node(node.id));
  const edges = cell.edges.map((edge, i) => drawEdge(edge, routes[i] as Route));
  const nodes = cell.nodes.map((node, i) => drawNode(node, boxes[i] as Box));
  const { left, top, width, height } = extent(boxes, routes.flatMap((route) => [...route.points, ...(route.width > 0 ? corners(route) : [])]));
  const name = cell.title === '' ? 'cell' : cell.title;
  return `<svg viewBox="${round(left)} ${round(top)} ${round(width)} ${round(height)}" style="max-width:${round(width)}px" role="img" aria-label="${escapeHtml(describe(name, cell))}" font-size="${FONT_SIZE}">${edges.join('')}${nodes.join('')}</svg>`;
}

/** What the drawing covers, with a margin: edges may run outside the area that the layout reports. */
function extent(boxes: readonly Box[], points: readonly Point[]) {
  const all = [...points, ...boxes.flatMap(corners)];
  const left = Math.min(...all.map((p) => p.x)) - MARGIN;
  const top = Math.min(...all.map((p) => p.y)) - MARGIN;
  return { left, top, width: Math.max(...all.map((p) => p.x)) + MARGIN - left, height: Math.max(...all.map((p) => p.y)) + MARGIN - top };
}

function corners({ x, y, width }: Box): Point[] {
  return [{ x: x - width / 2, y: y - HEIGHT / 2 }, { x: x + width / 2, y: y + HEIGHT / 2 }];
}

function widthOf(label: string): number {
  return 16 + 6.8 * label.length;
}

function drawNode(node: CellNode, { x, y, width }: Box): string {
  const box = `<rect x="${round(x - width / 2)}" y="${round(y - HEIGHT / 2)}" width="${round(width)}" height="${HEIGHT}" rx="6" fill="${FILL[node.part]}" stroke="${STROKE[node.part]}"/>`;
  return box + text(node.label, { x, y });
}

function drawEdge(edge: CellEdge, route: Route): string {
  const colour = STROKE[edge.part];
  const dash = edge.part === 'skip' ? ' stroke-dasharray="5 3"' : '';
  const line = `<path d="${curve(route.points)}" fill="none" stroke="${colour}" stroke-width="1.4"${dash}/>${arrowHead(route.points, colour)}`;
  if (edge.label === '') return line;
  const { x, y, width } = route;
  return `${line}<rect x="${round(x - width / 2 + 3)}" y="${round(y - 9)}" width="${round(width - 6)}" height="18" rx="4" fill="${FILL[edge.part]}"/>${text(edge.label, { x, y })}`;
}

/** A smooth line through all points (Catmull and Rom, as cubic arcs), so that it passes under its label. */
function curve(points: readonly Point[]): string {
  const at = (i: number): Point => points[Math.min(Math.max(i, 0), points.length - 1)] ?? { x: 0, y: 0 };
  const pair = (x: number, y: number): string => `${round(x)} ${round(y)}`;
  let path = `M${pair(at(0).x, at(0).y)}`;
  for (let i = 0; i + 1 < points.length; i++) {
    const [before, from, to, after] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    path += `C${pair(from.x + (to.x - before.x) / 8, from.y + (to.y - before.y) / 8)} ${pair(to.x - (after.x - from.x) / 8, to.y - (after.y - from.y) / 8)} ${pair(to.x, to.y)}`;
  }
  return path;
}

function arrowHead(points: readonly Point[], colour: string): string {
  const tip = points.at(-1) ?? { x: 0, y: 0 };
  const before = points.at(-2) ?? tip;
  const angle = Math.atan2(tip.y - before.y, tip.x - before.x);
  const corner = (turn: number): string => `${round(tip.x - 7 * Math.cos(angle + turn))},${round(tip.y - 7 * Math.sin(angle + turn))}`;
  return `<polygon points="${round(tip.x)},${round(tip.y)} ${corner(0.42)} ${corner(-0.42)}" fill="${colour}"/>`;
}

function text(label: string, { x, y }: Point): string {
  return `<text x="${round(x)}" y="${round(y + 4)}" text-anchor="middle" fill="#202124">${escapeHtml(label)}</text>`;
}

/** The cell in words, for readers who do not see it. */
function describe(name: string, cell: CellGraph): string {
  const label = new Map(cell.nodes.map((node) => [node.id, node.label]));
  const edges = cell.edges.map((edge) => `${label.get(edge.from) ?? ''} to ${label.get(edge.to) ?? ''}${edge.label === '' ? '' : ` by ${edge.label}`}`);
  return `${name}: ${edges.join(', ')}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
