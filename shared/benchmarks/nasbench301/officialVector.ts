/**
 * @file A genotype as NAS-Bench-301's official tree ensembles get it: the 56 entries of its configuration space in the order of ConfigSpace
 * 0.4.12 (which the official package pins), categories by index, inactive edges NaN and then replaced by -1, and 22 training hyperparameters
 * that are the same for every architecture, scaled as ConfigSpace scales them. The four that the official package re-declares before use
 * (layers, T_max, init_channels: integers in 1..10000; eta_min: real in 0..10000) are scaled by those ranges.
 */
import { configurationNames, toConfigurationVector } from './configuration.js';
import { inputPairs, operationCount } from './cellCode.js';

/** Entries of the official vector. */
export const officialLength = 56;
/** What stands for an inactive hyperparameter. */
export const inactive = -1;

/** ConfigSpace's uniform integer: the range widened by 0.49999 on both sides, to 0..1. */
const wholeNumber = (value: number, lower: number, upper: number): number => (value - (lower - 0.49999)) / (upper + 0.49999 - (lower - 0.49999));
const logarithm = (value: number, lower: number, upper: number): number => (Math.log(value) - Math.log(lower)) / (Math.log(upper) - Math.log(lower));

/** Official name and value in the vector of each training hyperparameter, as the official `predict` sets them; null: an architecture hyperparameter. */
const before: readonly (readonly [name: string, value: number])[] = [
  ['CreateImageDataLoader:batch_size', logarithm(96, 64 - 0.49999, 128 + 0.49999)],
  ['ImageAugmentation:augment', 0],
  ['ImageAugmentation:autoaugment', 0],
  ['ImageAugmentation:cutout', 0],
  ['ImageAugmentation:cutout_holes', wholeNumber(1, 1, 3)],
  ['ImageAugmentation:cutout_length', wholeNumber(16, 1, 50)],
  ['ImageAugmentation:fastautoaugment', 0],
  ['LossModuleSelectorIndices:loss_module', 0],
  ['NetworkSelectorDatasetInfo:darts:auxiliary', 0],
  ['NetworkSelectorDatasetInfo:darts:drop_path_prob', 0],
];
const between: typeof before = [['NetworkSelectorDatasetInfo:darts:init_channels', wholeNumber(32, 1, 10_000)]];
const after: typeof before = [
  ['NetworkSelectorDatasetInfo:darts:layers', wholeNumber(8, 1, 10_000)],
  ['NetworkSelectorDatasetInfo:network', 0],
  ['OptimizerSelector:optimizer', 0],
  ['OptimizerSelector:sgd:learning_rate', Math.log(0.025)],
  ['OptimizerSelector:sgd:momentum', (0.9 - 0.1) / (0.99 - 0.1)],
  ['OptimizerSelector:sgd:weight_decay', Math.log(0.0003)],
  ['SimpleLearningrateSchedulerSelector:cosine_annealing:T_max', wholeNumber(100, 1, 10_000)],
  ['SimpleLearningrateSchedulerSelector:cosine_annealing:eta_min', 1e-8 / 10_000],
  ['SimpleLearningrateSchedulerSelector:lr_scheduler', 0],
  ['SimpleTrainNode:batch_loss_computation_technique', 0],
  ['SimpleTrainNode:mixup:alpha', logarithm(0.2, 0.01, 0.7)],
];

/** An architecture's entry is a null here, in the order of `configurationNames`: 4 edges, 6 input pairs, 24 edges. */
const architectureEntries = configurationNames.map((name): readonly [string, null] => [name, null]);
const entries: readonly (readonly [name: string, value: number | null])[] = [
  ...before, ...architectureEntries.slice(0, 4), ...between, ...architectureEntries.slice(4, 10), ...after, ...architectureEntries.slice(10),
];

/** The 56 official names, in order. */
export const officialNames: readonly string[] = entries.map(([name]) => name);
/** f64 [56]: the vector with its architecture entries at 0. */
const template = Float64Array.from(entries, ([, value]) => value ?? 0);
/** uint8 [34]: place in the vector of each of `configurationNames`. */
export const architecturePlaces = Uint8Array.from(configurationNames, (name) => officialNames.indexOf(name));

/** The values that entry `place` of the vector takes over all architectures: one for a training hyperparameter. */
export function valuesOfEntry(place: number): readonly number[] {
  const [name, value] = entries[place] as (typeof entries)[number];
  if (value !== null) return [value];
  const edge = /:edge_\w+_(\d+)$/.exec(name);
  if (edge === null) return (inputPairs[Number(name.slice(-1)) - 2] as (typeof inputPairs)[number]).map((_, index) => index);
  const indices = Array.from({ length: operationCount }, (_, index) => index);
  return Number(edge[1]) < 2 ? indices : [inactive, ...indices];
}

/** Writes the official vector of the code [2] at `offset` into out f64 [.., 56] at `outOffset`. */
export function writeOfficialVector(codes: Uint32Array, offset: number, out: Float64Array, outOffset: number): void {
  out.set(template, outOffset);
  toConfigurationVector(codes, offset).forEach((value, i) => {
    out[outOffset + (architecturePlaces[i] as number)] = Number.isNaN(value) ? inactive : value;
  });
}
