/** @file What the rest of archwalk takes from NAS-Bench-101. */
export { createNasbench101, formatRepeatPolicy, parseRepeatPolicy, type Nasbench101Benchmark, type RepeatPolicy } from './benchmark.js';
export { openNasbench101, type Nasbench101Table, type OpenNasbench101Options } from './open.js';
export { SAMPLERS, type SamplerName } from './samplers.js';
export { createNasbench101Space, nasbench101Space } from './space.js';
