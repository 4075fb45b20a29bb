/**
 * @file Runs graphs: a session keeps the variables; a prepared `Call` fixes what is fed, fetched and run. Feeds are copied in when a run
 * starts, so their arrays may be reused at once; results are copied into the caller's arrays, so a step makes no garbage of its size.
 */
import { asEngineError, graphAddon, withEngineErrors, type CallHandle, type GraphAddon, type SessionHandle, type TensorArray } from './graphAddon.js';
import type { Graph, Operation, Output } from './graph.js';

export interface SessionOptions {
  /** Threads within an operation; 0 leaves it to TensorFlow. */
  readonly threads: number;
  /** False hides every GPU. */
  readonly gpu: boolean;
}

/** One tensor to feed: f32, int32 or uint16 values, row-major, and their shape. */
export interface Feed {
  readonly values: TensorArray;
  readonly shape: readonly number[];
}

const NO_BYTES = new Uint8Array(0);

export class Session {
  readonly #addon: GraphAddon;
  readonly #handle: SessionHandle;

  constructor(graph: Graph, options: SessionOptions) {
    this.#addon = graphAddon();
    this.#handle = withEngineErrors(() => this.#addon.createSession(graph.handle, sessionConfig(options)));
  }

  /** Fixes a run. `inline` runs the operations on the calling thread, one after the other: less to switch where they are few and large. */
  prepare(plan: { feeds?: readonly Output[]; fetches?: readonly Output[]; targets?: readonly Operation[]; inline?: boolean }): Call {
    const numbers = (outputs: readonly Output[] = []) => outputs.map((output) => output.number);
    const options = plan.inline === true ? INLINE : NO_BYTES;
    return new Call(this.#addon, withEngineErrors(() => this.#addon.prepareCall(this.#handle, numbers(plan.feeds), numbers(plan.fetches), plan.targets ?? [], options)));
  }

  /** Types of the devices the session sees: CPU, GPU. */
  devices(): string[] {
    return withEngineErrors(() => this.#addon.listDevices(this.#handle));
  }

  /** Frees the variables, now or when the runs under way have ended. Later runs are refused. */
  close(): void {
    withEngineErrors(() => this.#addon.closeSession(this.#handle));
  }
}

export class Call {
  readonly #addon: GraphAddon;
  readonly #handle: CallHandle;

  constructor(addon: GraphAddon, handle: CallHandle) {
    this.#addon = addon;
    this.#handle = handle;
  }

  /** Runs to its end, blocking. @throws EngineError if a type, shape or length does not fit, or TensorFlow fails */
  run(feeds: readonly Feed[], into: readonly TensorArray[]): void {
    withEngineErrors(() => this.#addon.runCall(this.#handle, feeds.map((f) => f.values), feeds.map((f) => f.shape), into));
  }

  /** Runs on another thread. The arrays of `into` belong to the run until the promise settles. @throws EngineError as `run` */
  async start(feeds: readonly Feed[], into: readonly TensorArray[]): Promise<void> {
    try {
      await this.#addon.startCall(this.#handle, feeds.map((f) => f.values), feeds.map((f) => f.shape), into);
    } catch (error) {
      throw asEngineError(error);
    }
  }

  /** Runs once under full tracing. @returns the serialized RunMetadata (tensorflow/core/protobuf/config.proto) */
  profile(feeds: readonly Feed[]): Uint8Array {
    return new Uint8Array(withEngineErrors(() => this.#addon.profileCall(this.#handle, feeds.map((f) => f.values), feeds.map((f) => f.shape))));
  }
}

/** RunOptions { inter_op_thread_pool: -1 }: field 3, a ten-byte varint. */
const INLINE = Uint8Array.of(0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);

/**
 * A ConfigProto (tensorflow/core/protobuf/config.proto), written by hand: device_count (1) = {GPU: 0} where hidden, intra (2) and inter (5)
 * threads, gpu_options (6) { allow_growth (4) }, allow_soft_placement (7), use_per_session_threads (9).
 */
function sessionConfig({ threads, gpu }: SessionOptions): Uint8Array {
  const bytes: number[] = [];
  if (!gpu) bytes.push(0x0a, 0x07, 0x0a, 0x03, 0x47, 0x50, 0x55, 0x10, 0x00);
  if (threads > 0) bytes.push(0x10, ...varint(threads), 0x28, 0x01);
  bytes.push(0x32, 0x02, 0x20, 0x01, 0x38, 0x01, 0x48, 0x01);
  return Uint8Array.from(bytes);
}

/** @param value 0..2^28-1 */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest & 127) | 128);
  }
}
