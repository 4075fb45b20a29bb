/** @file Opens NAS-Bench-301 with one of its backends. */
import type { Benchmark } from '../types.js';
import { nasbench301Benchmark } from './benchmark.js';
import { openEmbedded } from './embedded.js';
import { ensembleBackends, openEnsemble } from './ensemble.js';
import { openYahpo } from './yahpo.js';

export const nasbench301Backends = ['embedded', 'yahpo', ...ensembleBackends] as const;

/** The part of a backend's text that is its name: the ensembles have options behind a colon. */
export function nasbench301BackendName(backend: string): string {
  return ensembleBackends.find((name) => backend.startsWith(`${name}:`)) ?? backend;
}

/**
 * @param backend one of `nasbench301Backends`, an ensemble's with its options
 * @param dataFolder ARCHWALK_DATA; needed by all but `embedded`
 * @throws DatasetError if the backend's file is missing or damaged; ConfigError for options that the backend does not have
 */
export function openNasbench301(backend: string, dataFolder: string): Benchmark {
  if (backend === 'embedded') return nasbench301Benchmark(openEmbedded());
  return nasbench301Benchmark(backend === 'yahpo' ? openYahpo(dataFolder) : openEnsemble(backend, dataFolder));
}
