import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { OnnxWeights } from '../../../../shared/benchmarks/nasbench301/onnxWeights.js';
import { DatasetError } from '../../../../shared/errors.js';
import { testDataFolder } from '../../../testData.js';

const folder = mkdtempSync(join(tmpdir(), 'archwalk-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));
const data = testDataFolder();

/** A length-delimited protobuf field shorter than 128 bytes. */
const field = (number: number, bytes: readonly number[]): number[] => [(number << 3) | 2, bytes.length, ...bytes];
const f32 = (...values: number[]): number[] => [...new Uint8Array(Float32Array.from(values).buffer)];
/** TensorProto: dims = 1 (2, 1 each as varint), data_type = 2, name = 8, raw_data = 9. */
const tensor = (name: string, dims: readonly number[], type: number, raw: readonly number[]): number[] => [
  ...dims.flatMap((dim) => [1 << 3, dim]), 2 << 3, type, ...field(8, [...Buffer.from(name)]), ...field(9, raw),
];
const model = (...tensors: number[][]): number[] => field(7, tensors.flatMap((bytes) => field(5, bytes)));

let files = 0;
function open(bytes: Uint8Array): OnnxWeights {
  const path = join(folder, `${files++}.onnx`);
  writeFileSync(path, bytes);
  return new OnnxWeights(path);
}

describe('weights in an ONNX file', () => {
  const good = Uint8Array.from(model(tensor('w', [2, 1], 1, f32(1.5, -2))));

  it('are read by name', () => expect([...open(good).tensor('w', [2, 1])]).toEqual([1.5, -2]));

  it.each<[string, Uint8Array, string]>([
    ['another tensor', good, 'must hold the tensor v, not found'],
    ['another shape', Uint8Array.from(model(tensor('v', [1, 2], 1, f32(1, 2)))), 'v must be float32 [2, 1], got type 1 [1, 2] in 8 bytes'],
    ['another type', Uint8Array.from(model(tensor('v', [2, 1], 7, f32(1, 2)))), 'v must be float32 [2, 1], got type 7'],
    ['too few bytes', Uint8Array.from(model(tensor('v', [2, 1], 1, f32(1)))), 'v must be float32 [2, 1], got type 1 [2, 1] in 4 bytes'],
    ['NaN', Uint8Array.from(model(tensor('v', [2, 1], 1, f32(1, NaN)))), 'v must be finite'],
  ])('are refused with %s', (_, bytes, words) => {
    const weights = open(bytes);
    expect(() => weights.tensor('v', [2, 1])).toThrow(DatasetError);
    expect(() => weights.tensor('v', [2, 1])).toThrow(words);
  });

  it.each([
    ['no weights', new Uint8Array(0), 'must be an ONNX model with weights, got none'],
    ['text', Buffer.from('<html>not found</html>'), 'must be a whole ONNX model, got "'],
  ])('are refused in a file of %s', (_, bytes, words) => {
    expect(() => open(bytes)).toThrow(DatasetError);
    expect(() => open(bytes)).toThrow(words);
  });

  it.skipIf(data === null)('are refused in a truncated real file', () => {
    const bytes = readFileSync(join(data as string, 'nasbench301', 'yahpo_surrogate_v1.onnx'));
    expect(() => open(bytes.subarray(0, 2_000_000))).toThrow('must be a whole ONNX model, got "');
  });
});
