import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantError, ShapeError, WireFormatError } from '../../../shared/errors.js';
import { checkFinite, dtypeOf, fromBf16, toBf16, type StoredValues } from '../../../shared/wire/dtypes.js';
import { decodeSafetensors, encodeSafetensors } from '../../../shared/wire/safetensors.js';

/** A file from a header given as text, and data. */
function file(header: string, data = new Uint8Array(0)): Uint8Array {
  const json = Buffer.from(header);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

describe('safetensors', () => {
  it('writes the bytes of the format: length, JSON padded to 8, data', () => {
    // {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} is 54 characters, padded to 56; 1.0 is 0000803f, -2.0 is 000000c0.
    const bytes = encodeSafetensors([{ name: 'w', shape: [2], values: Float32Array.of(1, -2) }]);
    expect(Buffer.from(bytes).toString('hex')).toBe(
      `3800000000000000${Buffer.from('{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  ').toString('hex')}0000803f000000c0`,
    );
  });

  it('reads a file that the Python package (0.8.0) wrote', () => {
    // safetensors.numpy.save({'b': float64 [[1.5], [-2]], 'a': uint8 [7, 8, 9]}, metadata={'who': 'py'})
    const bytes = Buffer.from(
      '90000000000000007b225f5f6d657461646174615f5f223a7b2277686f223a227079227d2c2262223a7b226474797065223a22463634222c227368617065223a5b322c315d2c22646174615f6f666673657473223a5b302c31365d7d2c2261223a7b226474797065223a225538222c227368617065223a5b335d2c22646174615f6f666673657473223a5b31362c31395d7d7d2020202020000000000000f83f00000000000000c0070809',
      'hex',
    );
    const { arrays, metadata } = decodeSafetensors(bytes);
    expect(arrays).toEqual([
      { name: 'b', dtype: 'F64', shape: [2, 1], values: Float64Array.of(1.5, -2) },
      { name: 'a', dtype: 'U8', shape: [3], values: Uint8Array.of(7, 8, 9) },
    ]);
    expect([...metadata]).toEqual([['who', 'py']]);
  });

  it('gives back every type, order and name, even names that objects treat specially', () => {
    const values: readonly StoredValues[] = [
      Float32Array.of(0.1), Float64Array.of(0.1), Uint8Array.of(1), Int8Array.of(-1), Uint16Array.of(2), Int16Array.of(-2),
      Int32Array.of(-3), Uint32Array.of(3), BigInt64Array.of(-4n), BigUint64Array.of(4n),
    ];
    const names = ['__proto__', '10', '2', 'constructor', 'é"\\', '', 'g', 'h', 'i', 'j'];
    const arrays = values.map((v, i) => ({ name: names[i] as string, shape: [1], values: v }));
    const read = decodeSafetensors(encodeSafetensors(arrays)).arrays;
    expect(read.map(({ name, values: v }) => [name, v])).toEqual(arrays.map(({ name, values: v }) => [name, v]));
  });

  it('round-trips any set of f32 arrays', () => {
    const arrays = fc.uniqueArray(fc.tuple(fc.string(), fc.float32Array({ maxLength: 9 })), { selector: ([name]) => name });
    fc.assert(
      fc.property(arrays, (list) => {
        const stored = list.filter(([name]) => name !== '__metadata__').map(([name, values]) => ({ name, shape: [values.length], values }));
        const read = decodeSafetensors(encodeSafetensors(stored, { k: 'v' })).arrays;
        expect(read.filter((a) => a.values.length > 0).map((a) => [a.name, [...a.values]])).toEqual(
          stored.filter((a) => a.values.length > 0).map((a) => [a.name, [...a.values]]),
        );
        expect(read.length).toBe(stored.length);
      }),
    );
  });

  it.each([
    ['fewer than 10 bytes', new Uint8Array(9), /at least 10 bytes, got 9/],
    ['a header past the end', Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127, 0x7b, 0x7d), /at most 2 bytes here, got 9223372036854775807/],
    ['no JSON', file('{x'), /must be JSON/],
    ['no object', file('[]'), /JSON object/],
    ['an entry that is no object', file('{"a":1}'), /entry must be an object, got number/],
    ['metadata that is no text', file('{"__metadata__":{"a":1}}'), /metadata must be strings, "a" is number/],
    ['an unknown type', file('{"a":{"dtype":"toString"}}'), /one of the types/],
    ['a shape of fractions', file('{"a":{"dtype":"U8","shape":[0.5]}}'), /shape of at most 8/],
    ['nine dimensions', file('{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1]}}'), /shape of at most 8/],
    ['no offsets', file('{"a":{"dtype":"U8","shape":[]}}'), /two data offsets/],
    ['a shape larger than its span', file('{"a":{"dtype":"F32","shape":[4000000000],"data_offsets":[0,4]}}', new Uint8Array(4)), /span 16000000000 bytes by its shape, got 4/],
    ['a gap', file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', new Uint8Array(2)), /without gaps, "a" begins at 1 and not at 0/],
    ['bytes left over', file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', new Uint8Array(2)), /must be 1 bytes by its header, got 2/],
    ['data cut off', file('{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}', new Uint8Array(2)), /must be 9 bytes by its header, got 2/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(message);
    expect(() => decodeSafetensors(bytes)).toThrow(WireFormatError);
  });

  it('refuses to write a shape that does not fit, or a name twice', () => {
    expect(() => encodeSafetensors([{ name: 'a', shape: [2, 2], values: new Float32Array(3) }])).toThrow(/hold 4 values of F32 for shape \[2, 2\], got 3/);
    expect(() => encodeSafetensors([{ name: 'a', shape: [1], dtype: 'BF16', values: new Float32Array(1) }])).toThrow(ShapeError);
    const a = { name: 'a', shape: [1], values: new Float32Array(1) };
    expect(() => encodeSafetensors([a, a])).toThrow(/unique/);
  });
});

describe('bf16', () => {
  it('rounds to nearest, ties to even, and keeps infinities and NaN', () => {
    // 1 + 2^-8 lies half way between 1 (0x3f80) and 1 + 2^-7 (0x3f81): even is 0x3f80. 1 + 3 * 2^-8 lies half way to 0x3f82, which is even.
    const patterns = toBf16(Float32Array.of(1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, -2, Infinity, NaN, 3.4e38));
    expect([...patterns].map((p) => p.toString(16))).toEqual(['3f80', '3f80', '3f82', '3f81', 'c000', '7f80', '7fc0', '7f80']);
    expect([...fromBf16(patterns)]).toEqual([1, 1, 1.015625, 1.0078125, -2, Infinity, NaN, Infinity]);
  });

  it('names a value that is not finite', () => {
    expect(() => checkFinite(Float32Array.of(0, NaN), 'weights')).toThrow('weights must be finite, value 1 is NaN');
  });

  it('knows no type for other arrays', () => {
    expect(() => dtypeOf(new Uint8ClampedArray(1) as unknown as Uint8Array)).toThrow(InvariantError);
  });
});
