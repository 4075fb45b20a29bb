/**
 * @file The N-API addon of `shared/engine/addon`, typed, and the library of custom operations beside it. Both are compiled by set-up into
 * `.deps/engine`. Whatever the addon throws becomes an EngineError with TensorFlow's own message.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { EngineError } from '../errors.js';
import { depsRoot } from '../paths.js';

export type GraphHandle = object & { readonly kind: unique symbol };
export type SessionHandle = object & { readonly kind: unique symbol };
export type CallHandle = object & { readonly kind: unique symbol };

/** A typed array that a tensor can be fed from or fetched into: f32, f64, int32, uint16 (also bf16), uint8 (also bool). */
export type TensorArray = Float32Array | Float64Array | Int32Array | Uint16Array | Uint8Array | BigInt64Array;

/** [name, kind, value]: one attribute of an operation. A tensor is [TensorFlow type, dims, values]. */
export type Attribute =
  | readonly [name: string, kind: 'type' | 'int' | 'float', value: number]
  | readonly [name: string, kind: 'bool', value: boolean]
  | readonly [name: string, kind: 'string', value: string]
  | readonly [name: string, kind: 'shape' | 'ints' | 'types', value: readonly number[]]
  | readonly [name: string, kind: 'tensor', value: readonly [type: number, dims: readonly number[], values: TensorArray]];

/** An operation is a number; an output is operation * 1024 + index. */
export interface GraphAddon {
  createGraph(): GraphHandle;
  addOperation(graph: GraphHandle, type: string, name: string, inputs: readonly (number | readonly number[])[], attributes: readonly Attribute[], controls: readonly number[]): number;
  /** [type, rank, ...dims]; -1 where unknown. */
  describeOutput(graph: GraphHandle, output: number): number[];
  addGradients(graph: GraphHandle, ys: readonly number[], xs: readonly number[], dys: readonly number[]): number[];
  loadLibrary(path: string): void;
  createSession(graph: GraphHandle, config: Uint8Array): SessionHandle;
  closeSession(session: SessionHandle): void;
  prepareCall(session: SessionHandle, feeds: readonly number[], fetches: readonly number[], targets: readonly number[], runOptions: Uint8Array): CallHandle;
  runCall(call: CallHandle, feeds: readonly TensorArray[], shapes: readonly (readonly number[])[], fetches: readonly TensorArray[]): void;
  startCall(call: CallHandle, feeds: readonly TensorArray[], shapes: readonly (readonly number[])[], fetches: readonly TensorArray[]): Promise<void>;
  profileCall(call: CallHandle, feeds: readonly TensorArray[], shapes: readonly (readonly number[])[]): ArrayBuffer;
  listDevices(session: SessionHandle): string[];
  tensorflowVersion(): string;
}

const addonPath = join(depsRoot, 'engine', 'archwalk_graph.node');
const opsPath = join(depsRoot, 'engine', 'archwalk_ops.so');

let addon: GraphAddon | undefined;
let opsLoaded = false;

/** Whether set-up compiled the addon. It is not loaded by asking. */
export function isAddonBuilt(): boolean {
  return existsSync(addonPath);
}

/** @throws EngineError if set-up did not compile it, or it does not load here */
export function graphAddon(): GraphAddon {
  if (addon !== undefined) return addon;
  if (!isAddonBuilt()) throw new EngineError('the compiled graph engine must have been built by `make setup`, .deps/engine holds none');
  addon = withEngineErrors(() => createRequire(import.meta.url)(addonPath) as GraphAddon);
  return addon;
}

/**
 * Loads the custom operations, once, if set-up compiled them. Without them graphs are composed of TensorFlow's own.
 * @returns whether they are there
 * @throws EngineError if they are and do not load
 */
export function loadCustomOps(path: string = opsPath): boolean {
  if (opsLoaded) return true;
  if (!existsSync(path)) return false;
  withEngineErrors(() => graphAddon().loadLibrary(path));
  opsLoaded = true;
  return true;
}

/** Runs `body`; what the addon throws is rethrown as an EngineError. */
export function withEngineErrors<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw asEngineError(error);
  }
}

/** The EngineError for what the addon threw or rejected with. */
export function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  return new EngineError(`TensorFlow refused: ${error instanceof Error ? error.message : String(error)}`, error);
}
