/**
 * @file The Q-network as a TensorFlow graph: the one definition that training, inference, CPU and CUDA share. What it computes stands in
 * parameters.ts. All parameters of a network are one flat variable, cut into views that copy nothing (each starts on 64 bytes).
 *
 * Dimensions: B batch, N neighbours, T = 1 + N tokens, R = B T rows, K ids a token, F feature rows, D width, P flat length.
 */
import { InvariantError } from '../errors.js';
import type { Graph, Output } from '../engine/graph.js';
import { add, concat, less, matMul, reshape, slice, subtract } from '../engine/graphOps.js';
import { meanOfValid } from '../engine/composedOps.js';
import type { LayerParameters, NetworkOps } from '../engine/networkOps.js';
import { NORM_EPSILON, parameterShapes, sinusoidalPositions, type ParameterShape } from './parameters.js';
import type { NamedArray, NetworkSpec, Precision } from './types.js';

/** Where each parameter lies in the flat variable. */
export interface FlatLayout {
  readonly shapes: readonly ParameterShape[];
  readonly offsets: readonly number[];
  /** P: a multiple of 16. */
  readonly size: number;
}

/** Floats on 64 bytes: TensorFlow slices without a copy only from there. */
const ALIGNMENT = 16;
const aligned = (size: number): number => Math.ceil(size / ALIGNMENT) * ALIGNMENT;

export function flatLayout(spec: NetworkSpec): FlatLayout {
  const shapes = parameterShapes(spec);
  const offsets: number[] = [];
  let size = 0;
  for (const shape of shapes) {
    offsets.push(size);
    size += aligned(shape.size);
  }
  return { shapes, offsets, size };
}

/** The arrays' values in flat order f32 [P], zero between them; the caller has checked names and shapes. */
export function toFlat({ offsets, size }: FlatLayout, arrays: readonly NamedArray[]): Float32Array {
  const flat = new Float32Array(size);
  arrays.forEach(({ values }, i) => flat.set(values, offsets[i]));
  return flat;
}

/** Copies of the parameters out of flat f32 [P]; `prefix` goes before each name. */
export function fromFlat({ shapes, offsets }: FlatLayout, flat: Float32Array, prefix = ''): NamedArray[] {
  return shapes.map(({ name, shape, size }, i) => {
    const offset = offsets[i] as number;
    return { name: prefix + name, shape, values: flat.slice(offset, offset + size) };
  });
}

/** A network's parameters as views of its flat variable's value. */
export class Parameters {
  readonly layout: FlatLayout;
  readonly views: readonly Output[];

  /** @param flat f32 [P] */
  constructor(layout: FlatLayout, flat: Output) {
    this.layout = layout;
    this.views = layout.shapes.map(({ shape, size }, i) => reshape(slice(flat, [layout.offsets[i] as number], [size]), shape));
  }

  get(name: string): Output {
    const view = this.views[this.layout.shapes.findIndex((shape) => shape.name === name)];
    if (view === undefined) throw new InvariantError(`a parameter named in parameters.ts is required, got "${name}"`);
    return view;
  }

  layer(index: number): LayerParameters {
    const of = (name: string): Output => this.get(`layers.${index}.${name}`);
    return {
      attentionNormScale: of('attention.norm.scale'),
      attentionNormBias: of('attention.norm.bias'),
      qkvKernel: of('attention.qkv.kernel'),
      qkvBias: of('attention.qkv.bias'),
      outputKernel: of('attention.output.kernel'),
      outputBias: of('attention.output.bias'),
      feedForwardNormScale: of('feedForward.norm.scale'),
      feedForwardNormBias: of('feedForward.norm.bias'),
      hiddenKernel: of('feedForward.hidden.kernel'),
      hiddenBias: of('feedForward.hidden.bias'),
      feedForwardOutputKernel: of('feedForward.output.kernel'),
      feedForwardOutputBias: of('feedForward.output.bias'),
    };
  }
}

/** A batch of states as it is fed. */
export interface TokenInput {
  /** uint16 [B, T, K]. */
  readonly ids: Output;
  /** int32 [B]. */
  readonly counts: Output;
}

/** Placeholders for states; B may differ from run to run. */
export function tokenInput(graph: Graph, { neighbours, activeFeatures }: NetworkSpec): TokenInput {
  return { ids: graph.placeholder('uint16', [-1, 1 + neighbours, activeFeatures]), counts: graph.placeholder('int32', [-1]) };
}

/** bool [B, N]: slot i holds a neighbour if i < count. */
export function validSlots({ counts }: TokenInput, { neighbours: N }: NetworkSpec): Output {
  const slots = counts.graph.constant('int32', [1, N], Int32Array.from({ length: N }, (_, i) => i));
  return less(slots, reshape(counts, [-1, 1]));
}

/** How a network's value is computed: its sizes, the operations' form, the products' precision. */
export interface NetworkForm {
  readonly spec: NetworkSpec;
  readonly ops: NetworkOps;
  readonly precision: Precision;
}

/** A network's value on a batch. */
export interface NetworkValue {
  /** f32 [R, D]: the sum of each token's kernel rows, where the gradient of the token kernel starts. */
  readonly tokenSums: Output;
  /** f32 [B, N]; masked slots hold meaningless finite numbers. */
  readonly q: Output;
}

/** Q-values of a batch of states under `parameters`. @param differentiable whether their gradient will be asked for */
export function networkValue({ spec, ops, precision }: NetworkForm, parameters: Parameters, input: TokenInput, differentiable = false): NetworkValue {
  const { width, heads, feedForwardWidth, neighbours } = spec;
  const shape = { tokens: 1 + neighbours, width, heads, feedForwardWidth, normEpsilon: NORM_EPSILON, precision, differentiable };
  const tokenSums = ops.tokenSum(input.ids, parameters.get('token.kernel'));
  let h = addPositions(spec, parameters, tokenSums);
  for (let i = 0; i < spec.layers; i++) h = ops.encoderLayer(h, input.counts, parameters.layer(i), shape);
  const encoded = ops.layerNorm(h, parameters.get('final.norm.scale'), parameters.get('final.norm.bias'), NORM_EPSILON);
  return { tokenSums, q: qFromHeads(spec, parameters, encoded, input) };
}

/** h_t = token sum + token bias + position_t. */
function addPositions(spec: NetworkSpec, parameters: Parameters, tokenSums: Output): Output {
  const T = 1 + spec.neighbours;
  const offsets = add(positions(spec, parameters), parameters.get('token.bias'));
  return reshape(add(reshape(tokenSums, [-1, T, spec.width]), offsets), [-1, spec.width]);
}

/** f32 [T, D]. */
function positions(spec: NetworkSpec, parameters: Parameters): Output {
  const { neighbours: N, width: D } = spec;
  switch (spec.positionalEncoding) {
    case 'role': {
      const role = parameters.get('position.role');
      const { graph } = role;
      const neighbour = graph.value('Tile', [slice(role, [1, 0], [1, D]), graph.ints([N, 1])]);
      return concat([slice(role, [0, 0], [1, D]), neighbour], 0);
    }
    case 'learned':
      return parameters.get('position.learned');
    case 'sinusoidal':
      return parameters.get('token.bias').graph.constant('f32', [1 + N, D], sinusoidalPositions(1 + N, D));
    default:
      throw new InvariantError(`positionalEncoding must be role, learned or sinusoidal, got ${String(spec.positionalEncoding satisfies never)}`);
  }
}

/** Q_i = V + A_i - mean of A over the valid neighbours; without dueling A_i + bias. @param encoded f32 [R, D] */
function qFromHeads(spec: NetworkSpec, parameters: Parameters, encoded: Output, input: TokenInput): Output {
  const { neighbours: N, width: D } = spec;
  const scores = reshape(matMul(encoded, parameters.get('heads.advantage.kernel')), [-1, 1 + N]);
  const advantages = slice(scores, [0, 1], [-1, N]);
  if (!spec.dueling) return add(advantages, parameters.get('heads.advantage.bias'));
  const current = reshape(slice(reshape(encoded, [-1, 1 + N, D]), [0, 0, 0], [-1, 1, D]), [-1, D]);
  const value = add(matMul(current, parameters.get('heads.value.kernel')), parameters.get('heads.value.bias'));
  return add(subtract(advantages, meanOfValid(advantages, validSlots(input, spec), input.counts)), value);
}
