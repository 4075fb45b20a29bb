/**
 * @file A look at a msgpack value before it is unpacked: it must be one array of exactly the given items, each an unsigned
 * integer up to 2^53 - 1, a short text or a byte string that lies within the bytes, and nothing may follow. What passes holds
 * no maps, no nested arrays and no extension types, so the library that unpacks it can neither allocate by a forged length
 * nor build an object of a class the sender chose.
 */
import { WireFormatError } from '../errors.js';

export interface OutlineItem {
  readonly name: string;
  readonly kind: 'uint' | 'text' | 'bytes';
  /** Most bytes of a text or byte string. */
  readonly maxBytes?: number;
}

/** @throws WireFormatError naming the first item that is not as `items` say */
export function readOutline(bytes: Uint8Array, items: readonly OutlineItem[]): void {
  if (bytes.length === 0 || bytes[0] !== (0x90 | items.length)) throw new WireFormatError(`an entry must be a msgpack array of ${items.length} items, first byte is ${bytes[0] ?? 'absent'}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let position = 1;
  for (const item of items) {
    const end = item.kind === 'uint' ? skipUint(view, position) : skipString(view, position, item);
    if (end < 0) throw new WireFormatError(`an entry's ${item.name} must be ${DESCRIPTIONS[item.kind]}, found something else at byte ${position}`);
    if (end > bytes.length) throw new WireFormatError(`an entry must be whole, its ${item.name} ends at byte ${end} of ${bytes.length}`);
    position = end;
  }
  if (position !== bytes.length) throw new WireFormatError(`an entry must end after its items, ${bytes.length - position} bytes follow`);
}

const DESCRIPTIONS = { uint: 'an unsigned integer of at most 53 bits', text: 'a short text', bytes: 'a byte string' } as const;

/**
 * 64-bit integers are refused (they would unpack as BigInt): msgpackr writes what exceeds 32 bits as a float64.
 * @returns where the integer ends, or -1 if there is none; past the end where it is cut off
 */
function skipUint(view: DataView, position: number): number {
  if (position >= view.byteLength) return position + 1;
  const first = view.getUint8(position);
  if (first < 0x80) return position + 1;
  if (first === 0xcc) return position + 2;
  if (first === 0xcd) return position + 3;
  if (first === 0xce) return position + 5;
  if (first === 0xcb) return position + 9 <= view.byteLength && !isCount(view.getFloat64(position + 1)) ? -1 : position + 9;
  return -1;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function skipString(view: DataView, position: number, item: OutlineItem): number {
  if (position >= view.byteLength) return position + 1;
  const first = view.getUint8(position);
  if (item.kind === 'text' && first >= 0xa0 && first < 0xc0) return position + 1 + (first - 0xa0);
  const width = item.kind === 'text' ? TEXT_WIDTHS.get(first) : BYTES_WIDTHS.get(first);
  if (width === undefined) return -1;
  if (position + 1 + width > view.byteLength) return position + 1 + width;
  const length = width === 1 ? view.getUint8(position + 1) : width === 2 ? view.getUint16(position + 1) : view.getUint32(position + 1);
  return length > (item.maxBytes ?? 0) ? -1 : position + 1 + width + length;
}

/** First byte to the width of the length that follows. */
const TEXT_WIDTHS: ReadonlyMap<number, number> = new Map([[0xd9, 1], [0xda, 2]]);
const BYTES_WIDTHS: ReadonlyMap<number, number> = new Map([[0xc4, 1], [0xc5, 2], [0xc6, 4]]);
