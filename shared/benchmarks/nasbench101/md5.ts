/**
 * @file MD5 (RFC 1321) over a reused buffer, in plain typed arrays. The module hash takes about 57 digests of some hundred
 * bytes a cell; Node's own digest object costs more to make than such a digest takes.
 */

const CONSTANTS = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 4294967296) | 0);
const HEX = Uint8Array.from({ length: 16 }, (_, i) => '0123456789abcdef'.charCodeAt(i));

/** A message buffer and its digest. Usage: write bytes at `bytes[0..length)`, then `digest(length)`, then read `words`. */
export class Md5 {
  /** The message, room for padding included; up to `capacity` bytes are the caller's. */
  readonly bytes: Uint8Array;
  /** int32 [4], the digest's little-endian words. */
  readonly words = new Int32Array(4);
  readonly #block: Int32Array;
  readonly #digestBytes = new Uint8Array(this.words.buffer);

  /** @param capacity most bytes of a message */
  constructor(capacity: number) {
    const buffer = new ArrayBuffer((((capacity + 8) >>> 6) + 1) << 6);
    this.bytes = new Uint8Array(buffer);
    this.#block = new Int32Array(buffer);
  }

  /** Digests the first `length` bytes of `bytes`; the padding overwrites what follows them. */
  digest(length: number): void {
    const blocks = ((length + 8) >>> 6) + 1;
    this.bytes.fill(0, length, blocks << 6);
    this.bytes[length] = 0x80;
    this.#block[(blocks << 4) - 2] = length << 3;
    this.words[0] = 0x67452301;
    this.words[1] = 0xefcdab89;
    this.words[2] = 0x98badcfe;
    this.words[3] = 0x10325476;
    for (let block = 0; block < blocks; block++) compress(this.words, this.#block, block << 4);
  }

  /** Writes the digest as 32 ASCII hexadecimal digits into `out` at `offset`. */
  writeHex(out: Uint8Array, offset: number): void {
    for (let i = 0; i < 16; i++) {
      const byte = this.#digestBytes[i]!;
      out[offset + 2 * i] = HEX[byte >>> 4]!;
      out[offset + 2 * i + 1] = HEX[byte & 15]!;
    }
  }
}

/** One block of 16 words at m[at]: four rounds of 16 steps, each loop turn four of them. */
function compress(state: Int32Array, m: Int32Array, at: number): void {
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  const k = CONSTANTS;
  let t = 0;
  for (let i = 0; i < 16; i += 4) {
    t = (a + (d ^ (b & (c ^ d))) + k[i]! + m[at + i]!) | 0;
    a = (b + ((t << 7) | (t >>> 25))) | 0;
    t = (d + (c ^ (a & (b ^ c))) + k[i + 1]! + m[at + i + 1]!) | 0;
    d = (a + ((t << 12) | (t >>> 20))) | 0;
    t = (c + (b ^ (d & (a ^ b))) + k[i + 2]! + m[at + i + 2]!) | 0;
    c = (d + ((t << 17) | (t >>> 15))) | 0;
    t = (b + (a ^ (c & (d ^ a))) + k[i + 3]! + m[at + i + 3]!) | 0;
    b = (c + ((t << 22) | (t >>> 10))) | 0;
  }
  for (let i = 0; i < 16; i += 4) {
    t = (a + (c ^ (d & (b ^ c))) + k[16 + i]! + m[at + ((5 * i + 1) & 15)]!) | 0;
    a = (b + ((t << 5) | (t >>> 27))) | 0;
    t = (d + (b ^ (c & (a ^ b))) + k[17 + i]! + m[at + ((5 * i + 6) & 15)]!) | 0;
    d = (a + ((t << 9) | (t >>> 23))) | 0;
    t = (c + (a ^ (b & (d ^ a))) + k[18 + i]! + m[at + ((5 * i + 11) & 15)]!) | 0;
    c = (d + ((t << 14) | (t >>> 18))) | 0;
    t = (b + (d ^ (a & (c ^ d))) + k[19 + i]! + m[at + ((5 * i) & 15)]!) | 0;
    b = (c + ((t << 20) | (t >>> 12))) | 0;
  }
  for (let i = 0; i < 16; i += 4) {
    t = (a + (b ^ c ^ d) + k[32 + i]! + m[at + ((3 * i + 5) & 15)]!) | 0;
    a = (b + ((t << 4) | (t >>> 28))) | 0;
    t = (d + (a ^ b ^ c) + k[33 + i]! + m[at + ((3 * i + 8) & 15)]!) | 0;
    d = (a + ((t << 11) | (t >>> 21))) | 0;
    t = (c + (d ^ a ^ b) + k[34 + i]! + m[at + ((3 * i + 11) & 15)]!) | 0;
    c = (d + ((t << 16) | (t >>> 16))) | 0;
    t = (b + (c ^ d ^ a) + k[35 + i]! + m[at + ((3 * i + 14) & 15)]!) | 0;
    b = (c + ((t << 23) | (t >>> 9))) | 0;
  }
  for (let i = 0; i < 16; i += 4) {
    t = (a + (c ^ (b | ~d)) + k[48 + i]! + m[at + ((7 * i) & 15)]!) | 0;
    a = (b + ((t << 6) | (t >>> 26))) | 0;
    t = (d + (b ^ (a | ~c)) + k[49 + i]! + m[at + ((7 * i + 7) & 15)]!) | 0;
    d = (a + ((t << 10) | (t >>> 22))) | 0;
    t = (c + (a ^ (d | ~b)) + k[50 + i]! + m[at + ((7 * i + 14) & 15)]!) | 0;
    c = (d + ((t << 15) | (t >>> 17))) | 0;
    t = (b + (d ^ (c | ~a)) + k[51 + i]! + m[at + ((7 * i + 5) & 15)]!) | 0;
    b = (c + ((t << 21) | (t >>> 11))) | 0;
  }
  state[0] = (state[0]! + a) | 0;
  state[1] = (state[1]! + b) | 0;
  state[2] = (state[2]! + c) | 0;
  state[3] = (state[3]! + d) | 0;
}
