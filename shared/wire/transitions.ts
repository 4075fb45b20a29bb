/**
 * @file A batch of transitions as one stream entry: a msgpack array of a short header and one byte string with the columns,
 * 37 bytes a transition at W = 2 and 29 at W = 1 (plus some 100 bytes of header a batch). Nothing is taken on trust: the
 * entry's outline is checked byte by byte before msgpackr sees it, so that no length in it can make us allocate, and every
 * value is checked after. The version stands first; another version or another run's configuration is refused by name.
 *
 * Columns, little-endian, in this order: stateCodes u32 [n, W], nextCodes u32 [n, W], stateSeeds u32 [n], nextSeeds u32 [n],
 * nStepReturns f32 [n], discounts f32 [n], priorities f32 [n], actions u8 [n].
 */
import { Packr, Unpackr } from 'msgpackr';
import { ShapeError, WireFormatError } from '../errors.js';
import type { TransitionColumns } from '../mdp/types.js';
import { readOutline, type OutlineItem } from './msgpackOutline.js';

export const TRANSITION_FORMAT_VERSION = 1;

/** What an entry says of itself, besides its columns. */
export interface TransitionHeader {
  /** Hash of the run's resolved configuration: 1 to 64 printable characters. */
  readonly configHash: string;
  /** Leased id of the actor. */
  readonly actor: number;
  /** The lease's fencing token: grows with every lease, so a restarted actor is not taken for its predecessor. */
  readonly incarnation: number;
  /** 1, 2, 3, ... within one incarnation. */
  readonly sequence: number;
  /** Weight version the actor acted with when the batch was sent. */
  readonly weightVersion: number;
}

export interface DecodedTransitions {
  readonly header: TransitionHeader;
  /** The arrays belong to the receiver. */
  readonly columns: TransitionColumns;
}

/** What the learner accepts. */
export interface TransitionLimits {
  readonly configHash: string;
  readonly codeWords: 1 | 2;
  /** N: actions are 0..N-1. */
  readonly neighbours: number;
  /** Most transitions in an entry. */
  readonly maxCount: number;
}

const OUTLINE: readonly OutlineItem[] = [
  { name: 'format version', kind: 'uint' },
  { name: 'configuration hash', kind: 'text', maxBytes: 64 },
  { name: 'actor', kind: 'uint' },
  { name: 'incarnation', kind: 'uint' },
  { name: 'sequence number', kind: 'uint' },
  { name: 'weight version', kind: 'uint' },
  { name: 'code words', kind: 'uint' },
  { name: 'count', kind: 'uint' },
  { name: 'columns', kind: 'bytes', maxBytes: 0xffffffff },
];

const packr = new Packr({ useRecords: false, moreTypes: false, structuredClone: false });
const unpackr = new Unpackr({ useRecords: false, moreTypes: false, structuredClone: false, copyBuffers: false });

/** Bytes of one transition's columns at W words a code. */
export function transitionBytes(codeWords: 1 | 2): number {
  return 8 * codeWords + 21;
}

/** @throws ShapeError if a column's length does not fit `columns.size`, or there is no transition */
export function encodeTransitions(header: TransitionHeader, columns: TransitionColumns): Buffer {
  const { size, codeWords } = columns;
  if (size < 1) throw new ShapeError(`a batch must hold at least 1 transition, got ${size}`);
  const payload = Buffer.allocUnsafe(size * transitionBytes(codeWords));
  let position = 0;
  for (const [values, expected] of columnsInOrder(columns)) {
    if (values.length < expected) throw new ShapeError(`a column of ${size} transitions must hold ${expected} values, got ${values.length}`);
    const bytes = expected * values.BYTES_PER_ELEMENT;
    payload.set(new Uint8Array(values.buffer, values.byteOffset, bytes), position);
    position += bytes;
  }
  return packr.pack([TRANSITION_FORMAT_VERSION, header.configHash, header.actor, header.incarnation, header.sequence, header.weightVersion, codeWords, size, payload]);
}

function columnsInOrder(c: TransitionColumns): readonly (readonly [Uint32Array | Float32Array | Uint8Array, number])[] {
  const words = c.size * c.codeWords;
  return [
    [c.stateCodes, words],
    [c.nextCodes, words],
    [c.stateSeeds, c.size],
    [c.nextSeeds, c.size],
    [c.nStepReturns, c.size],
    [c.discounts, c.size],
    [c.priorities, c.size],
    [c.actions, c.size],
  ];
}

/**
 * Reads and checks one entry.
 * @throws WireFormatError with the rule that the entry breaks
 */
export function decodeTransitions(bytes: Uint8Array, limits: TransitionLimits): DecodedTransitions {
  readOutline(bytes, OUTLINE);
  const [version, configHash, actor, incarnation, sequence, weightVersion, codeWords, count, payload] = unpackr.unpack(bytes) as
    [number, string, number, number, number, number, number, number, Uint8Array];
  if (version !== TRANSITION_FORMAT_VERSION) throw new WireFormatError(`an entry must have format version ${TRANSITION_FORMAT_VERSION}, got ${version}: actors and learner must run the same archwalk`);
  if (configHash !== limits.configHash) throw new WireFormatError(`an entry must have configuration hash ${limits.configHash}, got ${JSON.stringify(configHash)}`);
  if (codeWords !== limits.codeWords) throw new WireFormatError(`an entry's codes must be ${limits.codeWords} words, got ${codeWords}`);
  if (sequence < 1 || incarnation < 1) throw new WireFormatError(`incarnation and sequence number must be at least 1, got ${incarnation} and ${sequence}`);
  if (count < 1 || count > limits.maxCount) throw new WireFormatError(`an entry must hold 1..${limits.maxCount} transitions, got ${count}`);
  const expected = count * transitionBytes(limits.codeWords);
  if (payload.length !== expected) throw new WireFormatError(`${count} transitions must be ${expected} bytes, got ${payload.length}`);
  const columns = readColumns(payload, count, limits.codeWords);
  checkColumns(columns, limits.neighbours);
  return { header: { configHash, actor, incarnation, sequence, weightVersion }, columns };
}

function readColumns(payload: Uint8Array, size: number, codeWords: 1 | 2): TransitionColumns {
  const memory = new ArrayBuffer(payload.length);
  new Uint8Array(memory).set(payload);
  const words = size * codeWords;
  const at = (index: number): number => 4 * (2 * words + index * size);
  return {
    size,
    codeWords,
    stateCodes: new Uint32Array(memory, 0, words),
    nextCodes: new Uint32Array(memory, 4 * words, words),
    stateSeeds: new Uint32Array(memory, at(0), size),
    nextSeeds: new Uint32Array(memory, at(1), size),
    nStepReturns: new Float32Array(memory, at(2), size),
    discounts: new Float32Array(memory, at(3), size),
    priorities: new Float32Array(memory, at(4), size),
    actions: new Uint8Array(memory, at(5), size),
  };
}

/** Written as comparisons that a NaN fails: one pass, 20 ns a transition. */
function checkColumns(columns: TransitionColumns, neighbours: number): void {
  const { size, actions, nStepReturns, discounts, priorities } = columns;
  for (let i = 0; i < size; i++) {
    if (!((actions[i] as number) < neighbours)) throw new WireFormatError(`an action must be in 0..${neighbours - 1}, transition ${i} has ${actions[i]}`);
    if (!Number.isFinite(nStepReturns[i])) throw new WireFormatError(`an n-step return must be finite, transition ${i} has ${nStepReturns[i]}`);
    const discount = discounts[i] as number;
    if (!(discount >= 0 && discount <= 1)) throw new WireFormatError(`a discount must be in [0, 1], transition ${i} has ${discount}`);
    const priority = priorities[i] as number;
    if (!(priority >= 0 && priority < Infinity)) throw new WireFormatError(`a priority must be finite and at least 0, transition ${i} has ${priority}`);
  }
}
