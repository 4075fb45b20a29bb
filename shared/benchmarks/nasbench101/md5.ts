/**
 * @file MD5 (RFC 1321) over a reused buffer, in plain typed arrays. The module hash takes about 57 digests of some hundred
 * bytes a cell; Node's own digest object costs more to make than such a digest takes. The 64 steps are written out with
 * their constants, floor(|sin(i)| 2^32): a third faster than loops over tables.
 */

/** The two ASCII hexadecimal digits of each byte, as the uint16 that holds them in memory order. */
const HEX_PAIRS = Int32Array.from({ length: 256 }, (_, byte) => {
  const digits = byte.toString(16).padStart(2, '0');
  return digits.charCodeAt(0) | (digits.charCodeAt(1) << 8);
});

/**
 * A message buffer and its digest. Usage: write the message into `bytes` (or, as little-endian words, into `block`), then
 * `digest(length)`, then read `words`.
 */
export class Md5 {
  /** The message, room for padding included; up to `capacity` bytes are the caller's. */
  readonly bytes: Uint8Array;
  /** The same memory as little-endian words. */
  readonly block: Int32Array;
  /** int32 [4], the digest's little-endian words. */
  readonly words = new Int32Array(4);

  /** @param capacity most bytes of a message */
  constructor(capacity: number) {
    const buffer = new ArrayBuffer((((capacity + 8) >>> 6) + 1) << 6);
    this.bytes = new Uint8Array(buffer);
    this.block = new Int32Array(buffer);
  }

  /** Digests the first `length` bytes of `bytes`; the padding overwrites what follows them. */
  digest(length: number): void {
    const end = (((length + 8) >>> 6) + 1) << 4;
    const last = length >>> 2;
    const shift = (length & 3) << 3;
    this.block[last] = (this.block[last]! & ~(-1 << shift)) | (0x80 << shift);
    for (let i = last + 1; i < end; i++) this.block[i] = 0;
    this.block[end - 2] = length << 3;
    this.words[0] = 0x67452301;
    this.words[1] = 0xefcdab89;
    this.words[2] = 0x98badcfe;
    this.words[3] = 0x10325476;
    for (let at = 0; at < end; at += 16) compress(this.words, this.block, at);
  }

  /** Writes the digest's 32 ASCII hexadecimal digits as 8 little-endian words into `out` at `offset`. */
  writeHex(out: Int32Array, offset: number): void {
    for (let i = 0; i < 4; i++) {
      const word = this.words[i]!;
      out[offset + 2 * i] = HEX_PAIRS[word & 255]! | (HEX_PAIRS[(word >>> 8) & 255]! << 16);
      out[offset + 2 * i + 1] = HEX_PAIRS[(word >>> 16) & 255]! | (HEX_PAIRS[word >>> 24]! << 16);
    }
  }
}

/** Adds one block of 16 words at m[at] to the state. */
function compress(state: Int32Array, m: Int32Array, at: number): void {
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  const m0 = m[at]!;
  const m1 = m[at + 1]!;
  const m2 = m[at + 2]!;
  const m3 = m[at + 3]!;
  const m4 = m[at + 4]!;
  const m5 = m[at + 5]!;
  const m6 = m[at + 6]!;
  const m7 = m[at + 7]!;
  const m8 = m[at + 8]!;
  const m9 = m[at + 9]!;
  const m10 = m[at + 10]!;
  const m11 = m[at + 11]!;
  const m12 = m[at + 12]!;
  const m13 = m[at + 13]!;
  const m14 = m[at + 14]!;
  const m15 = m[at + 15]!;
  let t = 0;
  t = (a + (d ^ (b & (c ^ d))) + m0 + -680876936) | 0;
  a = (b + ((t << 7) | (t >>> 25))) | 0;
  t = (d + (c ^ (a & (b ^ c))) + m1 + -389564586) | 0;
  d = (a + ((t << 12) | (t >>> 20))) | 0;
  t = (c + (b ^ (d & (a ^ b))) + m2 + 606105819) | 0;
  c = (d + ((t << 17) | (t >>> 15))) | 0;
  t = (b + (a ^ (c & (d ^ a))) + m3 + -1044525330) | 0;
  b = (c + ((t << 22) | (t >>> 10))) | 0;
  t = (a + (d ^ (b & (c ^ d))) + m4 + -176418897) | 0;
  a = (b + ((t << 7) | (t >>> 25))) | 0;
  t = (d + (c ^ (a & (b ^ c))) + m5 + 1200080426) | 0;
  d = (a + ((t << 12) | (t >>> 20))) | 0;
  t = (c + (b ^ (d & (a ^ b))) + m6 + -1473231341) | 0;
  c = (d + ((t << 17) | (t >>> 15))) | 0;
  t = (b + (a ^ (c & (d ^ a))) + m7 + -45705983) | 0;
  b = (c + ((t << 22) | (t >>> 10))) | 0;
  t = (a + (d ^ (b & (c ^ d))) + m8 + 1770035416) | 0;
  a = (b + ((t << 7) | (t >>> 25))) | 0;
  t = (d + (c ^ (a & (b ^ c))) + m9 + -1958414417) | 0;
  d = (a + ((t << 12) | (t >>> 20))) | 0;
  t = (c + (b ^ (d & (a ^ b))) + m10 + -42063) | 0;
  c = (d + ((t << 17) | (t >>> 15))) | 0;
  t = (b + (a ^ (c & (d ^ a))) + m11 + -1990404162) | 0;
  b = (c + ((t << 22) | (t >>> 10))) | 0;
  t = (a + (d ^ (b & (c ^ d))) + m12 + 1804603682) | 0;
  a = (b + ((t << 7) | (t >>> 25))) | 0;
  t = (d + (c ^ (a & (b ^ c))) + m13 + -40341101) | 0;
  d = (a + ((t << 12) | (t >>> 20))) | 0;
  t = (c + (b ^ (d & (a ^ b))) + m14 + -1502002290) | 0;
  c = (d + ((t << 17) | (t >>> 15))) | 0;
  t = (b + (a ^ (c & (d ^ a))) + m15 + 1236535329) | 0;
  b = (c + ((t << 22) | (t >>> 10))) | 0;
  t = (a + (c ^ (d & (b ^ c))) + m1 + -165796510) | 0;
  a = (b + ((t << 5) | (t >>> 27))) | 0;
  t = (d + (b ^ (c & (a ^ b))) + m6 + -1069501632) | 0;
  d = (a + ((t << 9) | (t >>> 23))) | 0;
  t = (c + (a ^ (b & (d ^ a))) + m11 + 643717713) | 0;
  c = (d + ((t << 14) | (t >>> 18))) | 0;
  t = (b + (d ^ (a & (c ^ d))) + m0 + -373897302) | 0;
  b = (c + ((t << 20) | (t >>> 12))) | 0;
  t = (a + (c ^ (d & (b ^ c))) + m5 + -701558691) | 0;
  a = (b + ((t << 5) | (t >>> 27))) | 0;
  t = (d + (b ^ (c & (a ^ b))) + m10 + 38016083) | 0;
  d = (a + ((t << 9) | (t >>> 23))) | 0;
  t = (c + (a ^ (b & (d ^ a))) + m15 + -660478335) | 0;
  c = (d + ((t << 14) | (t >>> 18))) | 0;
  t = (b + (d ^ (a & (c ^ d))) + m4 + -405537848) | 0;
  b = (c + ((t << 20) | (t >>> 12))) | 0;
  t = (a + (c ^ (d & (b ^ c))) + m9 + 568446438) | 0;
  a = (b + ((t << 5) | (t >>> 27))) | 0;
  t = (d + (b ^ (c & (a ^ b))) + m14 + -1019803690) | 0;
  d = (a + ((t << 9) | (t >>> 23))) | 0;
  t = (c + (a ^ (b & (d ^ a))) + m3 + -187363961) | 0;
  c = (d + ((t << 14) | (t >>> 18))) | 0;
  t = (b + (d ^ (a & (c ^ d))) + m8 + 1163531501) | 0;
  b = (c + ((t << 20) | (t >>> 12))) | 0;
  t = (a + (c ^ (d & (b ^ c))) + m13 + -1444681467) | 0;
  a = (b + ((t << 5) | (t >>> 27))) | 0;
  t = (d + (b ^ (c & (a ^ b))) + m2 + -51403784) | 0;
  d = (a + ((t << 9) | (t >>> 23))) | 0;
  t = (c + (a ^ (b & (d ^ a))) + m7 + 1735328473) | 0;
  c = (d + ((t << 14) | (t >>> 18))) | 0;
  t = (b + (d ^ (a & (c ^ d))) + m12 + -1926607734) | 0;
  b = (c + ((t << 20) | (t >>> 12))) | 0;
  t = (a + (b ^ c ^ d) + m5 + -378558) | 0;
  a = (b + ((t << 4) | (t >>> 28))) | 0;
  t = (d + (a ^ b ^ c) + m8 + -2022574463) | 0;
  d = (a + ((t << 11) | (t >>> 21))) | 0;
  t = (c + (d ^ a ^ b) + m11 + 1839030562) | 0;
  c = (d + ((t << 16) | (t >>> 16))) | 0;
  t = (b + (c ^ d ^ a) + m14 + -35309556) | 0;
  b = (c + ((t << 23) | (t >>> 9))) | 0;
  t = (a + (b ^ c ^ d) + m1 + -1530992060) | 0;
  a = (b + ((t << 4) | (t >>> 28))) | 0;
  t = (d + (a ^ b ^ c) + m4 + 1272893353) | 0;
  d = (a + ((t << 11) | (t >>> 21))) | 0;
  t = (c + (d ^ a ^ b) + m7 + -155497632) | 0;
  c = (d + ((t << 16) | (t >>> 16))) | 0;
  t = (b + (c ^ d ^ a) + m10 + -1094730640) | 0;
  b = (c + ((t << 23) | (t >>> 9))) | 0;
  t = (a + (b ^ c ^ d) + m13 + 681279174) | 0;
  a = (b + ((t << 4) | (t >>> 28))) | 0;
  t = (d + (a ^ b ^ c) + m0 + -358537222) | 0;
  d = (a + ((t << 11) | (t >>> 21))) | 0;
  t = (c + (d ^ a ^ b) + m3 + -722521979) | 0;
  c = (d + ((t << 16) | (t >>> 16))) | 0;
  t = (b + (c ^ d ^ a) + m6 + 76029189) | 0;
  b = (c + ((t << 23) | (t >>> 9))) | 0;
  t = (a + (b ^ c ^ d) + m9 + -640364487) | 0;
  a = (b + ((t << 4) | (t >>> 28))) | 0;
  t = (d + (a ^ b ^ c) + m12 + -421815835) | 0;
  d = (a + ((t << 11) | (t >>> 21))) | 0;
  t = (c + (d ^ a ^ b) + m15 + 530742520) | 0;
  c = (d + ((t << 16) | (t >>> 16))) | 0;
  t = (b + (c ^ d ^ a) + m2 + -995338651) | 0;
  b = (c + ((t << 23) | (t >>> 9))) | 0;
  t = (a + (c ^ (b | ~d)) + m0 + -198630844) | 0;
  a = (b + ((t << 6) | (t >>> 26))) | 0;
  t = (d + (b ^ (a | ~c)) + m7 + 1126891415) | 0;
  d = (a + ((t << 10) | (t >>> 22))) | 0;
  t = (c + (a ^ (d | ~b)) + m14 + -1416354905) | 0;
  c = (d + ((t << 15) | (t >>> 17))) | 0;
  t = (b + (d ^ (c | ~a)) + m5 + -57434055) | 0;
  b = (c + ((t << 21) | (t >>> 11))) | 0;
  t = (a + (c ^ (b | ~d)) + m12 + 1700485571) | 0;
  a = (b + ((t << 6) | (t >>> 26))) | 0;
  t = (d + (b ^ (a | ~c)) + m3 + -1894986606) | 0;
  d = (a + ((t << 10) | (t >>> 22))) | 0;
  t = (c + (a ^ (d | ~b)) + m10 + -1051523) | 0;
  c = (d + ((t << 15) | (t >>> 17))) | 0;
  t = (b + (d ^ (c | ~a)) + m1 + -2054922799) | 0;
  b = (c + ((t << 21) | (t >>> 11))) | 0;
  t = (a + (c ^ (b | ~d)) + m8 + 1873313359) | 0;
  a = (b + ((t << 6) | (t >>> 26))) | 0;
  t = (d + (b ^ (a | ~c)) + m15 + -30611744) | 0;
  d = (a + ((t << 10) | (t >>> 22))) | 0;
  t = (c + (a ^ (d | ~b)) + m6 + -1560198380) | 0;
  c = (d + ((t << 15) | (t >>> 17))) | 0;
  t = (b + (d ^ (c | ~a)) + m13 + 1309151649) | 0;
  b = (c + ((t << 21) | (t >>> 11))) | 0;
  t = (a + (c ^ (b | ~d)) + m4 + -145523070) | 0;
  a = (b + ((t << 6) | (t >>> 26))) | 0;
  t = (d + (b ^ (a | ~c)) + m11 + -1120210379) | 0;
  d = (a + ((t << 10) | (t >>> 22))) | 0;
  t = (c + (a ^ (d | ~b)) + m2 + 718787259) | 0;
  c = (d + ((t << 15) | (t >>> 17))) | 0;
  t = (b + (d ^ (c | ~a)) + m9 + -343485551) | 0;
  b = (c + ((t << 21) | (t >>> 11))) | 0;
  state[0] = (state[0]! + a) | 0;
  state[1] = (state[1]! + b) | 0;
  state[2] = (state[2]! + c) | 0;
  state[3] = (state[3]! + d) | 0;
}
