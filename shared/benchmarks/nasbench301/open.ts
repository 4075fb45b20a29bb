/** @file Opens NAS-Bench-301 with one of its backends. */
import type { Benchmark } from '../types.js';
import { nasbench301Benchmark } from './benchmark.js';
import { openEmbedded } from './embedded.js';
import { openYahpo } from './yahpo.js';

export const nasbench301Backends = ['embedded', 'yahpo'] as const;
export type Nasbench301BackendName = (typeof nasbench301Backends)[number];

/**
 * @param dataFolder ARCHWALK_DATA; needed by `yahpo` only
 * @throws DatasetError if the backend's file is missing or damaged
 */
export function openNasbench301(backend: Nasbench301BackendName, dataFolder: string): Benchmark {
  return nasbench301Benchmark(backend === 'embedded' ? openEmbedded() : openYahpo(dataFolder));
}
