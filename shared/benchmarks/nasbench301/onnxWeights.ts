/** @file The weights inside an ONNX file, read by the few fields of its protobuf messages that hold them (onnx.proto3, IR version 6). */
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { DatasetError } from '../../errors.js';

const { Type, Field } = protobuf;
const tensorType = new Type('TensorProto')
  .add(new Field('dims', 1, 'int64', 'repeated'))
  .add(new Field('dataType', 2, 'int32'))
  .add(new Field('name', 8, 'string'))
  .add(new Field('rawData', 9, 'bytes'));
const graphType = new Type('GraphProto').add(new Field('initializer', 5, 'TensorProto', 'repeated')).add(tensorType);
const modelType = new Type('ModelProto').add(new Field('graph', 7, 'GraphProto')).add(graphType);
new protobuf.Root().add(modelType);

/** ONNX's number of float32. */
const float32 = 1;

interface TensorMessage {
  readonly dims: readonly (number | { toNumber(): number })[];
  readonly dataType: number;
  readonly name: string;
  readonly rawData: Uint8Array;
}

/** The f32 tensors of a model by name. */
export class OnnxWeights {
  readonly #path: string;
  readonly #tensors: ReadonlyMap<string, TensorMessage>;

  /** @throws DatasetError if the file is no ONNX model */
  constructor(path: string) {
    this.#path = path;
    try {
      const model = modelType.decode(readFileSync(path)) as unknown as { readonly graph: { readonly initializer: readonly TensorMessage[] } | null };
      this.#tensors = new Map((model.graph?.initializer ?? []).map((tensor) => [tensor.name, tensor]));
    } catch (error) {
      throw new DatasetError(`${path} must be a whole ONNX model, got "${(error as Error).message}"`, error);
    }
    if (this.#tensors.size === 0) throw new DatasetError(`${path} must be an ONNX model with weights, got none`);
  }

  /**
   * The tensor `name`, f32 of exactly `shape`, row by row.
   * @throws DatasetError if it is missing, of another type or shape, or not finite
   */
  tensor(name: string, shape: readonly number[]): Float32Array {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) throw new DatasetError(`${this.#path} must hold the tensor ${name}, not found`);
    const dims = tensor.dims.map(Number);
    const count = shape.reduce((product, size) => product * size, 1);
    if (tensor.dataType !== float32 || dims.join() !== shape.join() || tensor.rawData.length !== 4 * count) {
      throw new DatasetError(`${this.#path}: ${name} must be float32 [${shape.join(', ')}], got type ${tensor.dataType} [${dims.join(', ')}] in ${tensor.rawData.length} bytes`);
    }
    const values = new Float32Array(Uint8Array.from(tensor.rawData).buffer);
    if (!values.every(Number.isFinite)) throw new DatasetError(`${this.#path}: ${name} must be finite, got a value that is not`);
    return values;
  }
}
