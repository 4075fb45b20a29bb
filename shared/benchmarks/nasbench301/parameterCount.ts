/**
 * @file Trainable parameters of a genotype's network as NAS-Bench-301's nets are counted in the field's published tables
 * (NASLib's 725 agree exactly): 8 cells, 32 initial channels, 10 classes, no auxiliary head, norms inside operations without
 * affine parameters, those of stem and preprocessing with them.
 */
import { decodeCell, newDecodedCell, slotCount, slotInputs } from './cellCode.js';

const initialChannels = 32;
const layers = 8;
const classes = 10;

/** Of one operation at `channels`; a skip at stride 2 is a factorized reduction. Indices as in cellCode.ts. */
function operationParameters(operation: number, channels: number, stride: number): number {
  const separable = (kernel: number): number => channels * kernel * kernel + channels * channels;
  if (operation === 2) return stride === 1 ? 0 : channels * channels;
  if (operation === 3) return 2 * separable(3);
  if (operation === 4) return 2 * separable(5);
  if (operation === 5) return separable(3);
  return operation === 6 ? separable(5) : 0;
}

function cellParameters(word: number, channels: number, reduces: boolean): number {
  const cell = newDecodedCell();
  decodeCell(word, cell);
  let total = 0;
  for (let slot = 0; slot < slotCount; slot++) {
    const fromOutside = (slotInputs[cell.pairing * slotCount + slot] as number) < 2;
    total += operationParameters(cell.operations[slot] as number, channels, reduces && fromOutside ? 2 : 1);
  }
  return total;
}

/** Trainable parameters of the genotype [2] at `offset`. */
export function genotypeParameters(codes: Uint32Array, offset: number): number {
  let channels = initialChannels;
  let beforeLast = 3 * channels;
  let last = beforeLast;
  let total = 27 * last + 2 * last;
  for (let layer = 0; layer < layers; layer++) {
    const reduces = layer === Math.trunc(layers / 3) || layer === Math.trunc((2 * layers) / 3);
    if (reduces) channels *= 2;
    total += (beforeLast + last) * channels + 4 * channels;
    total += cellParameters(codes[offset + (reduces ? 1 : 0)] as number, channels, reduces);
    [beforeLast, last] = [last, 4 * channels];
  }
  return total + last * classes + classes;
}
