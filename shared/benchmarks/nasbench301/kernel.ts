/**
 * @file A batch of cells through a small network: the two loops of kernel.wat (WebAssembly, 128-bit SIMD) over one memory in
 * which weights and activations are laid out once. The same network in plain TypeScript loops takes 7 to 11 times as long
 * (`nasbench301.surrogate1024` of scripts/bench/benchmarks.ts). Everything is f32, without fused multiply-add: the same on every machine.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvariantError } from '../../errors.js';
import { packageRoot } from '../../paths.js';

/** What is used of the WebAssembly JavaScript interface, which Node's types leave out. */
interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
interface KernelExports {
  readonly memory: WasmMemory;
  gatherSum(bias: number, ids: number, y: number, rows: number, perRow: number, width: number): void;
  dense(x: number, w: number, bias: number, y: number, rows: number, inputs: number, outputs: number): void;
}
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** A layer y = x W + b laid out in the memory; offsets in bytes. */
export interface DenseLayer {
  readonly weights: number;
  readonly bias: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** Rows a gather adds up; `width` a multiple of 16. Offsets in bytes. */
export interface RowTable {
  readonly rows: number;
  readonly bias: number;
  readonly width: number;
}

const pageBytes = 65_536;
let compiled: object | null = null;

export class Kernel {
  readonly #exports: KernelExports;
  #top = 64;

  constructor() {
    compiled ??= new WebAssembly.Module(readFileSync(join(packageRoot, 'shared', 'benchmarks', 'nasbench301', 'kernel.wasm')));
    this.#exports = new WebAssembly.Instance(compiled).exports as KernelExports;
  }

  /** Reserves room for `count` four-byte values. Views taken earlier are void after it. @returns its byte offset, a multiple of 64 */
  allocate(count: number): number {
    const offset = this.#top;
    this.#top += Math.ceil((count * 4) / 64) * 64;
    const missing = this.#top - this.#exports.memory.buffer.byteLength;
    if (missing > 0) this.#exports.memory.grow(Math.ceil(missing / pageBytes));
    return offset;
  }

  floats(offset: number, count: number): Float32Array {
    return new Float32Array(this.#exports.memory.buffer, offset, count);
  }

  integers(offset: number, count: number): Int32Array {
    return new Int32Array(this.#exports.memory.buffer, offset, count);
  }

  /** Lays a layer out. @param weights f32 [outputs, inputs] row by row; bias f32 [outputs], outputs a multiple of 8 */
  layer(weights: Float32Array, bias: Float32Array): DenseLayer {
    const outputs = bias.length;
    const inputs = weights.length / outputs;
    if (outputs % 8 !== 0 || !Number.isInteger(inputs)) throw new InvariantError(`a layer must have a multiple of 8 outputs and whole rows, got ${outputs} outputs and ${weights.length} weights`);
    const layer = { weights: this.allocate(weights.length), bias: this.allocate(outputs), inputs, outputs };
    const packed = this.floats(layer.weights, weights.length);
    for (let output = 0; output < outputs; output++) {
      const block = (output >> 3) * inputs * 8 + (output & 7);
      for (let input = 0; input < inputs; input++) packed[block + input * 8] = weights[output * inputs + input] as number;
    }
    this.floats(layer.bias, outputs).set(bias);
    return layer;
  }

  /** Lays rows out for `gather`. @param rows f32 [*, width]; bias f32 [width] */
  table(rows: Float32Array, bias: Float32Array): RowTable {
    const width = bias.length;
    if (width % 16 !== 0 || rows.length % width !== 0) throw new InvariantError(`a table must have whole rows of a multiple of 16 values, got width ${width} and ${rows.length} values`);
    const table = { rows: this.allocate(rows.length), bias: this.allocate(width), width };
    this.floats(table.rows, rows.length).set(rows);
    this.floats(table.bias, width).set(bias);
    return table;
  }

  /** y [count, width] = bias + the sum of `perRow` rows each. @param ids offset of i32 [count, perRow]: byte offsets of rows, `table.rows + 4 * width * row` */
  gather(table: RowTable, ids: number, y: number, count: number, perRow: number): void {
    if (count > 0) this.#exports.gatherSum(table.bias, ids, y, count, perRow, table.width);
  }

  /** y [count, outputs] = x [count, inputs] W + b; `count` is rounded up to a multiple of 4, so x and y need room for that. */
  apply(layer: DenseLayer, x: number, y: number, count: number): void {
    if (count > 0) this.#exports.dense(x, layer.weights, layer.bias, y, (count + 3) & ~3, layer.inputs, layer.outputs);
  }
}
