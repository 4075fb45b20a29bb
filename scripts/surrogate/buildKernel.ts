/** @file Assembles shared/benchmarks/nasbench301/kernel.wat to kernel.wasm beside it (committed; a test assembles it again). */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';
import { packageRoot } from '../../shared/paths.js';

const folder = join(packageRoot, 'shared', 'benchmarks', 'nasbench301');
const assembler = await wabt();
const source = assembler.parseWat('kernel.wat', readFileSync(join(folder, 'kernel.wat'), 'utf8'), { simd: true });
writeFileSync(join(folder, 'kernel.wasm'), source.toBinary({}).buffer);
