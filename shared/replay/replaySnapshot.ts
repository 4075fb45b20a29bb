/**
 * @file A replay as bytes, for checkpoints. The snapshot stands at the moment it was taken while the replay goes on: the tree's
 * leaves are copied at once (8 bytes a transition, the only pause), records are copied a segment at a time as the writer asks for
 * them, or just before the ring overwrites them, whichever comes first. Little-endian:
 *
 *   u32 magic "AWRP" | u32 version | u32 code words | u32 capacity | u32 size | u32 next slot | f64 inserted | f64 stale priorities
 *   | f64 priority exponent | f64 priority epsilon | f64 [size] leaf masses | u32 [size, record words] records (transitionStore.ts)
 */
import { CheckpointError } from '../errors.js';
import type { TransitionStore } from './transitionStore.js';

const MAGIC = 0x50525741;
const VERSION = 1;
const HEADER_BYTES = 56;
/** Slots a segment: 590 kB at W = 2, copied in about 0.1 ms. */
export const SEGMENT_SLOTS = 16_384;
const LEAF_CHUNK = 131_072;

/** What stands in the header, besides the format's own words. */
export interface ReplayHeader {
  readonly codeWords: 1 | 2;
  readonly capacity: number;
  /** Slots filled: 0..size-1. */
  readonly size: number;
  /** Slot the next transition goes to. */
  readonly nextSlot: number;
  /** Transitions ever added. */
  readonly inserted: number;
  readonly stalePriorities: number;
  readonly priorityExponent: number;
  readonly priorityEpsilon: number;
}

/** Bytes of a replay of `size` transitions. */
export function replayBytes(size: number, recordWords: number): number {
  return HEADER_BYTES + size * (8 + 4 * recordWords);
}

function encodeHeader(header: ReplayHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const words = [MAGIC, VERSION, header.codeWords, header.capacity, header.size, header.nextSlot];
  words.forEach((word, i) => view.setUint32(4 * i, word, true));
  const reals = [header.inserted, header.stalePriorities, header.priorityExponent, header.priorityEpsilon];
  reals.forEach((real, i) => view.setFloat64(24 + 8 * i, real, true));
  return bytes;
}

/** One snapshot under way. The replay calls `preserve` before it overwrites slots; the writer iterates `chunks`. */
export class ReplaySnapshot {
  /** Total length of all chunks. */
  readonly sizeBytes: number;
  readonly #header: ReplayHeader;
  readonly #leaves: Float64Array;
  readonly #store: TransitionStore;
  readonly #preserved = new Map<number, Uint32Array>();
  readonly #onRelease: () => void;
  /** Segments below it have been handed out. */
  #nextSegment = 0;

  constructor(header: ReplayHeader, leaves: Float64Array, store: TransitionStore, onRelease: () => void) {
    this.#header = header;
    this.#leaves = leaves.slice(0, header.size);
    this.#store = store;
    this.#onRelease = onRelease;
    this.sizeBytes = replayBytes(header.size, store.recordWords);
  }

  /** Keeps the records of slots first..first+count-1, which are about to be overwritten, if they have not been handed out yet. */
  preserve(first: number, count: number): void {
    const last = Math.min(first + count, this.#header.size) - 1;
    for (let segment = Math.floor(first / SEGMENT_SLOTS); segment <= Math.floor(last / SEGMENT_SLOTS); segment++) {
      if (segment >= this.#nextSegment && !this.#preserved.has(segment)) this.#preserved.set(segment, this.#segment(segment).slice());
    }
  }

  /**
   * The bytes in order, in pieces of at most about 1 MB; a piece may be overwritten once the next is asked for. To be iterated
   * once; ending the iteration (also early) releases the snapshot.
   */
  *chunks(): Generator<Uint8Array, void, void> {
    try {
      yield encodeHeader(this.#header);
      for (let from = 0; from < this.#leaves.length; from += LEAF_CHUNK) yield bytesOf(this.#leaves.subarray(from, from + LEAF_CHUNK));
      const buffer = new Uint32Array(Math.min(SEGMENT_SLOTS, this.#header.size) * this.#store.recordWords);
      for (let segment = 0; segment * SEGMENT_SLOTS < this.#header.size; segment++) yield bytesOf(this.#take(segment, buffer));
    } finally {
      this.release();
    }
  }

  /** Gives the snapshot up: nothing is preserved any more. Idempotent. */
  release(): void {
    this.#nextSegment = Infinity;
    this.#preserved.clear();
    this.#onRelease();
  }

  #take(segment: number, buffer: Uint32Array): Uint32Array {
    const preserved = this.#preserved.get(segment);
    this.#preserved.delete(segment);
    this.#nextSegment = segment + 1;
    if (preserved !== undefined) return preserved;
    const words = this.#segment(segment);
    buffer.set(words);
    return buffer.subarray(0, words.length);
  }

  #segment(segment: number): Uint32Array {
    const { words, recordWords } = this.#store;
    const end = Math.min((segment + 1) * SEGMENT_SLOTS, this.#header.size);
    return words.subarray(segment * SEGMENT_SLOTS * recordWords, end * recordWords);
  }
}

function bytesOf(array: Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** What `decodeReplay` reads; `masses` and `records` are fresh and aligned. */
export interface DecodedReplay {
  readonly header: ReplayHeader;
  /** f64 [size]. */
  readonly masses: Float64Array;
  /** uint32 [size, record words]. */
  readonly records: Uint32Array;
}

/**
 * Reads what `ReplaySnapshot` wrote. Every length is checked before anything is allocated.
 * @throws CheckpointError naming what was required and what was found
 */
export function decodeReplay(bytes: Uint8Array): DecodedReplay {
  if (bytes.length < HEADER_BYTES) throw new CheckpointError(`a replay's bytes must be at least ${HEADER_BYTES}, got ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (i: number): number => view.getUint32(4 * i, true);
  const real = (i: number): number => view.getFloat64(24 + 8 * i, true);
  if (word(0) !== MAGIC) throw new CheckpointError(`a replay's bytes must begin with AWRP, got 0x${word(0).toString(16)}`);
  if (word(1) !== VERSION) throw new CheckpointError(`a replay's format version must be ${VERSION}, got ${word(1)}`);
  const codeWords = word(2);
  if (codeWords !== 1 && codeWords !== 2) throw new CheckpointError(`a replay's code words must be 1 or 2, got ${codeWords}`);
  const header = {
    codeWords, capacity: word(3), size: word(4), nextSlot: word(5),
    inserted: real(0), stalePriorities: real(1), priorityExponent: real(2), priorityEpsilon: real(3),
  } as const;
  checkCounts(header);
  const recordWords = 2 * codeWords + 5;
  const expected = replayBytes(header.size, recordWords);
  if (bytes.length !== expected) throw new CheckpointError(`a replay of ${header.size} transitions must have ${expected} bytes, got ${bytes.length}`);
  const recordsAt = HEADER_BYTES + 8 * header.size;
  return {
    header,
    masses: new Float64Array(copyOf(bytes.subarray(HEADER_BYTES, recordsAt))),
    records: new Uint32Array(copyOf(bytes.subarray(recordsAt))),
  };
}

/** A buffer of their own for `bytes`, aligned; a Buffer's slice would share one. */
function copyOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function checkCounts({ capacity, size, nextSlot, inserted, stalePriorities }: ReplayHeader): void {
  if (size > capacity) throw new CheckpointError(`a replay's size must be at most its capacity ${capacity}, got ${size}`);
  if (!Number.isSafeInteger(inserted) || Math.min(inserted, capacity) !== size || (capacity > 0 && inserted % capacity !== nextSlot)) {
    throw new CheckpointError(`a replay of ${inserted} insertions must have min(insertions, ${capacity}) transitions and its next slot behind the newest, got size ${size} and next slot ${nextSlot}`);
  }
  if (!Number.isSafeInteger(stalePriorities) || stalePriorities < 0) {
    throw new CheckpointError(`a replay's stale priorities must be a count, got ${stalePriorities}`);
  }
}
