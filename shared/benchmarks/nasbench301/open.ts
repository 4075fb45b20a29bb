/** @file Opens NAS-Bench-301 with one of its backends. */
import type { Benchmark } from '../types.js';
import { nasbench301Benchmark } from './benchmark.js';
import { openYahpo } from './yahpo.js';

/**
 * @param dataFolder needed by `yahpo` only
 * @throws DatasetError if the backend's file is missing or damaged
 */
export function openNasbench301(backend: 'embedded' | 'yahpo', dataFolder: string): Promise<Benchmark> {
  return Promise.resolve().then(() => nasbench301Benchmark(openYahpo(dataFolder)));
}
