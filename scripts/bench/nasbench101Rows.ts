/** @file Rows of a synthetic NAS-Bench-101 file: real cells and hashes, numbers out of a hash of the code. */
import { verticesOf } from '../../shared/benchmarks/nasbench101/cell.js';
import { encodeMetrics } from '../../shared/benchmarks/nasbench101/metricsRow.js';
import { writeModelSpec } from '../../shared/benchmarks/nasbench101/modelSpec.js';
import { ModuleHasher } from '../../shared/benchmarks/nasbench101/moduleHash.js';
import { parameterCount } from '../../shared/benchmarks/nasbench101/parameterCount.js';
import { mix32 } from '../../shared/rng.js';

const hasher = new ModuleHasher();

/** The accuracies and seconds that a synthetic row states, float32. */
export function syntheticMetrics(code: number, epochs: number, repeat: number): { validationAccuracy: number; testAccuracy: number; trainingTime: number } {
  const noise = mix32(code ^ mix32(epochs * 4 + repeat));
  return { validationAccuracy: Math.fround((noise & 0xffff) / 65_536), testAccuracy: Math.fround((noise >>> 16) / 65_536), trainingTime: Math.fround(epochs * verticesOf(code)) };
}

/** One row's JSON. */
export function syntheticRow(code: number, epochs: number, repeat: number): string {
  const { adjacency, operations } = writeModelSpec(code);
  const metrics = encodeMetrics(epochs, parameterCount(code), syntheticMetrics(code, epochs, repeat));
  return JSON.stringify([hasher.hash(code), epochs, adjacency.flat().join(''), operations.join(','), metrics]);
}
