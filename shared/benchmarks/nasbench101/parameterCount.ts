/**
 * @file Trainable parameters of the published network (arXiv:1902.09635, section 3 and the model of google-research/nasbench):
 * a 3x3 stem of 128 channels, three stacks of three modules with the channels doubled before the second and third stack, and
 * a dense layer to CIFAR-10's 10 classes. Every convolution has batch normalisation (scale and shift) and no bias.
 *
 * Where the output's channels do not divide evenly among its interior sources, the first of them in the order of writing get
 * one more: the count belongs to one writing of a cell, and isomorphic writings may differ by some parameters.
 */
import { OUTPUT_SLOT, unpackCode } from './cell.js';

const STEM_CHANNELS = 128;
const STACKS = 3;
const MODULES_PER_STACK = 3;
const IMAGE_CHANNELS = 3;
const CLASSES = 10;

function convolution(kernel: number, inputs: number, outputs: number): number {
  return kernel * kernel * inputs * outputs + 2 * outputs;
}

/** Trainable parameters of the network of a code's cell, as written by the code. */
export function parameterCount(code: number): number {
  const targets = new Int32Array(7);
  const operations = new Int32Array(7);
  unpackCode(code, targets, operations);
  return graphParameterCount(targets, operations);
}

/**
 * Trainable parameters of the network of a pruned graph in the seven-slot frame (cell.ts), edges going to higher slots only.
 *
 * @param targets     int32 [7]
 * @param operations  int32 [7]
 */
export function graphParameterCount(targets: Int32Array, operations: Int32Array): number {
  let channels = STEM_CHANNELS;
  let inputs = STEM_CHANNELS;
  let total = convolution(3, IMAGE_CHANNELS, STEM_CHANNELS);
  for (let stack = 0; stack < STACKS; stack++) {
    if (stack > 0) channels *= 2;
    for (let module = 0; module < MODULES_PER_STACK; module++) {
      total += moduleParameters(targets, operations, inputs, channels);
      inputs = channels;
    }
  }
  return total + channels * CLASSES + CLASSES;
}

function moduleParameters(targets: Int32Array, operations: Int32Array, inputs: number, outputs: number): number {
  const channels = vertexChannels(targets, operations, outputs);
  let total = 0;
  for (let v = 1; v <= OUTPUT_SLOT; v++) {
    if ((targets[0]! & (1 << v)) !== 0) total += convolution(1, inputs, channels[v]!);
    if (v === OUTPUT_SLOT) break;
    if (operations[v] === 1) total += convolution(3, channels[v]!, channels[v]!);
    if (operations[v] === 2) total += convolution(1, channels[v]!, channels[v]!);
  }
  return total;
}

/**
 * Channels of each vertex: the output's are shared out among the interior vertices that feed it, every other interior vertex
 * has the most of those it feeds.
 *
 * @returns [7]; only interior slots present and the output hold a meaning
 */
function vertexChannels(targets: Int32Array, operations: Int32Array, outputs: number): number[] {
  const channels = new Array<number>(7).fill(0);
  channels[OUTPUT_SLOT] = outputs;
  let feeders = 0;
  for (let v = 1; v < OUTPUT_SLOT; v++) if (operations[v] !== 0 && (targets[v]! & (1 << OUTPUT_SLOT)) !== 0) feeders++;
  let extra = feeders === 0 ? 0 : outputs % feeders;
  for (let v = 1; v < OUTPUT_SLOT; v++) {
    if (operations[v] === 0 || (targets[v]! & (1 << OUTPUT_SLOT)) === 0) continue;
    channels[v] = Math.floor(outputs / feeders) + (extra > 0 ? 1 : 0);
    extra--;
  }
  for (let v = OUTPUT_SLOT - 1; v > 0; v--) {
    if ((targets[v]! & (1 << OUTPUT_SLOT)) !== 0) continue;
    for (let w = v + 1; w < OUTPUT_SLOT; w++) if ((targets[v]! & (1 << w)) !== 0) channels[v] = Math.max(channels[v]!, channels[w]!);
  }
  return channels;
}
