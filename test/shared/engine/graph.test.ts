/** The graph builder, its sessions and their refusals; every wrong use throws, none crashes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EngineError, ShapeError } from '../../../shared/errors.js';
import { Graph } from '../../../shared/engine/graph.js';
import { graphAddon } from '../../../shared/engine/graphAddon.js';
import { argMax, cast, concat, dynamicShape, matMul, multiply, pick, reshape, select, slice, square, sum, unstack } from '../../../shared/engine/graphOps.js';
import { Session } from '../../../shared/engine/graphSession.js';
import { depsRoot } from '../../../shared/paths.js';

const built = existsSync(join(depsRoot, 'engine', 'archwalk_graph.node'));

function open(graph: Graph): Session {
  return new Session(graph, { threads: 1, gpu: false });
}

describe.skipIf(!built)('Graph', () => {
  it('multiplies matrices and differentiates: y = sum((x w)^2), dy/dw = 2 x^T (x w)', () => {
    const graph = new Graph();
    const x = graph.placeholder('f32', [-1, 2]);
    const w = graph.placeholder('f32', [2, 1]);
    const y = sum(square(matMul(x, w)), [0, 1]);
    const [dw] = graph.gradients(y, [w]);
    const call = open(graph).prepare({ feeds: [x, w], fetches: [y, dw!] });
    const [value, gradient] = [new Float32Array(1), new Float32Array(2)];
    // x w = [1*5 + 2*7, 3*5 + 4*7] = [19, 43]; 19^2 + 43^2 = 2210; 2 (19*1 + 43*3, 19*2 + 43*4) = (296, 420)
    call.run([{ values: Float32Array.of(1, 2, 3, 4), shape: [2, 2] }, { values: Float32Array.of(5, 7), shape: [2, 1] }], [value, gradient]);
    expect([...value, ...gradient]).toEqual([2210, 296, 420]);
    // Another number of rows through the same call.
    call.run([{ values: Float32Array.of(1, 0), shape: [1, 2] }, { values: Float32Array.of(5, 7), shape: [2, 1] }], [value, gradient]);
    expect([...value, ...gradient]).toEqual([25, 10, 0]);
  });

  it('picks, selects, slices, stacks and casts', () => {
    const graph = new Graph();
    const x = graph.constant('f32', [2, 3], Float32Array.of(1, 5, 3, 9, 2, 9));
    const results = [
      pick(x, graph.constant('int32', [2], Int32Array.of(2, 0))),
      cast(argMax(x), 'f32'),
      reshape(slice(x, [0, 1], [2, 1]), [-1]),
      reshape(concat([unstack(x, 0)[1]!, unstack(x, 0)[0]!], 0), [6]),
      reshape(select(graph.constant('bool', [1, 3], Uint8Array.of(1, 0, 1)), x, graph.scalar(-1)), [6]),
      cast(dynamicShape(x), 'f32'),
    ];
    const into = [2, 2, 2, 6, 6, 2].map((n) => new Float32Array(n));
    open(graph).prepare({ fetches: results }).run([], into);
    expect(into.map((array) => [...array])).toEqual([[3, 9], [1, 0], [5, 2], [9, 2, 9, 1, 5, 3], [1, -1, 3, 9, -1, 9], [2, 3]]);
  });

  it('keeps variables in the session, apart from another session of the graph', () => {
    const graph = new Graph();
    const counter = graph.variable('counter', 'f32', []);
    const value = graph.read(counter);
    const reset = graph.assign(counter, graph.scalar(0));
    const increment = graph.assign(counter, multiply(graph.scalar(2), graph.scalar(3.5)));
    const [first, second] = [open(graph), open(graph)];
    first.prepare({ targets: [increment] }).run([], []);
    second.prepare({ targets: [reset] }).run([], []);
    const read = (session: Session): number => {
      const into = new Float32Array(1);
      session.prepare({ fetches: [value], inline: true }).run([], [into]);
      return into[0]!;
    };
    expect([read(first), read(second)]).toEqual([7, 0]);
  });

  it('reads the shape and type of outputs', () => {
    const graph = new Graph();
    expect(graph.placeholder('int32', [-1, 4])).toMatchObject({ type: 'int32', shape: [-1, 4] });
    expect(cast(graph.placeholder('f32', [3]), 'bf16')).toMatchObject({ type: 'bf16', shape: [3] });
    expect(() => cast(graph.placeholder('f32', [3]), 'complex' as 'f32')).toThrow(/DstT/);
    // A string tensor (type 7) has no name here.
    expect(() => graph.value('AsString', [graph.scalar(1)])).toThrow(ShapeError);
  });

  it('refuses what TensorFlow refuses, with its message', () => {
    const graph = new Graph();
    const a = graph.placeholder('f32', [2, 3]);
    expect(() => matMul(a, a)).toThrow(EngineError);
    expect(() => matMul(a, a)).toThrow(/Dimensions must be equal/);
    expect(() => graph.operation('NoSuchOperation', [])).toThrow(/NoSuchOperation/);
    expect(() => graph.operation('Neg', [])).toThrow(EngineError);
    expect(() => graph.gradients(a, [graph.scalar(1)])).toThrow(EngineError);
    expect(() => graph.constant('f32', [3], Float32Array.of(1))).toThrow(/3 elements was given 1/);
    expect(() => graph.constant('f32', [1], Int32Array.of(1))).toThrow(/does not hold TensorFlow type/);
  });
});

describe.skipIf(!built)('Session', () => {
  function doubling(): { session: Session; call: ReturnType<Session['prepare']> } {
    const graph = new Graph();
    const x = graph.placeholder('f32', [-1]);
    const session = open(graph);
    return { session, call: session.prepare({ feeds: [x], fetches: [multiply(x, graph.scalar(2))] }) };
  }
  const feed = (...values: number[]) => ({ values: Float32Array.from(values), shape: [values.length] });

  it('runs on another thread; feeds may be reused at once', async () => {
    const { call } = doubling();
    const values = Float32Array.of(1, 2);
    const into = new Float32Array(2);
    const run = call.start([{ values, shape: [2] }], [into]);
    values.fill(100);
    await run;
    expect([...into]).toEqual([2, 4]);
  });

  it('runs several at a time, each into its own array', async () => {
    const { call } = doubling();
    const runs = Array.from({ length: 20 }, async (_, i) => {
      const into = new Float32Array(1);
      await call.start([feed(i)], [into]);
      return into[0];
    });
    expect(await Promise.all(runs)).toEqual(Array.from({ length: 20 }, (_, i) => 2 * i));
  });

  it('refuses feeds and fetches that do not fit, before or after the run', async () => {
    const { call } = doubling();
    expect(() => call.run([], [new Float32Array(1)])).toThrow(/takes 1 feeds, got 0/);
    expect(() => call.run([feed(1)], [])).toThrow(/gives 1 fetches, got 0/);
    expect(() => call.run([{ values: Int32Array.of(1), shape: [1] }], [new Float32Array(1)])).toThrow(/does not hold/);
    expect(() => call.run([{ values: Float32Array.of(1, 2), shape: [3] }], [new Float32Array(3)])).toThrow(/3 elements was given 2/);
    expect(() => call.run([{ values: Float32Array.of(1), shape: [-1] }], [new Float32Array(1)])).toThrow(/feed shape must be an integer/);
    expect(() => call.run([feed(1)], [new Int32Array(1)])).toThrow(/does not hold/);
    expect(() => call.run([feed(1, 2)], [new Float32Array(1)])).toThrow(/gave 8 bytes for an array of 4/);
    await expect(call.start([feed(1, 2)], [new Float32Array(1)])).rejects.toThrow(EngineError);
    await expect(call.start([], [])).rejects.toThrow(EngineError);
    const into = new Float32Array(1);
    call.run([feed(4)], [into]);
    expect(into[0]).toBe(8);
  });

  it('reports what fails while it runs', async () => {
    const graph = new Graph();
    const x = graph.placeholder('f32', [-1]);
    const call = open(graph).prepare({ feeds: [x], fetches: [reshape(x, [-1, 2])] });
    expect(() => call.run([feed(1, 2, 3)], [new Float32Array(3)])).toThrow(/Reshape/);
    await expect(call.start([feed(1, 2, 3)], [new Float32Array(3)])).rejects.toThrow(/Reshape/);
    const unset = new Graph();
    const variable = unset.variable('unset', 'f32', [1]);
    expect(() => open(unset).prepare({ fetches: [unset.read(variable)] }).run([], [new Float32Array(1)])).toThrow(EngineError);
  });

  it('closes once the runs under way have ended, and refuses later ones', async () => {
    const { session, call } = doubling();
    const into = new Float32Array(1);
    const run = call.start([feed(21)], [into]);
    session.close();
    expect(() => call.run([feed(1)], [new Float32Array(1)])).toThrow(/closed/);
    await run;
    expect(into[0]).toBe(42);
    session.close();
    expect(() => session.devices()).toThrow(/closed/);
  });

  it('lists the processor among its devices, and profiles', () => {
    const { session, call } = doubling();
    expect(session.devices()).toContain('CPU');
    expect(call.profile([feed(1)]).length).toBeGreaterThan(0);
  });
});

describe.skipIf(!built)('the addon', () => {
  it('refuses handles of another kind, missing arguments and wrong types', () => {
    const addon = graphAddon() as unknown as Record<string, (...values: unknown[]) => unknown>;
    const graph = addon['createGraph']?.();
    const refused: [string, unknown[]][] = [
      ['addOperation', [{}, 'Neg', 'n', [], [], []]],
      ['addOperation', [graph]],
      ['addOperation', [graph, 5, 'n', [], [], []]],
      ['addOperation', [graph, 'Neg', 'n', [123456], [], []]],
      ['addOperation', [graph, 'Neg', 'n', [-1], [], []]],
      ['addOperation', [graph, 'Placeholder', 'p', [], [['dtype', 'type', 1.5]], []]],
      ['addOperation', [graph, 'Placeholder', 'q', [], [['dtype', 'colour', 1]], []]],
      ['addOperation', [graph, 'Placeholder', 'r', [], [['dtype', 'type']], []]],
      ['describeOutput', [graph, 1e18]],
      ['createSession', [graph, Uint8Array.of(255, 255, 255)]],
      ['createSession', [graph, 'text']],
      ['prepareCall', [graph, [], [], [], new Uint8Array(0)]],
      ['loadLibrary', ['/no/such/library.so']],
    ];
    for (const [name, values] of refused) expect(() => addon[name]?.(...values), `${name} ${String(values.slice(1))}`).toThrow();
  });

  it('names an operation once', () => {
    const addon = graphAddon();
    const graph = addon.createGraph();
    addon.addOperation(graph, 'NoOp', 'same', [], [], []);
    expect(() => addon.addOperation(graph, 'NoOp', 'same', [], [], [])).toThrow(/exists already/);
  });
});
