/** @file Prints the committed surrogate's fidelity on fresh cells, one JSON line a set of cells: the table of docs/nasbench301.md. Needs the data folder. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '../../shared/benchmarks/nasbench301/embedded.js';
import { openYahpo } from '../../shared/benchmarks/nasbench301/yahpo.js';
import { fidelity } from './measure.js';

const dataFolder = process.env['ARCHWALK_TEST_DATA'] ?? process.env['ARCHWALK_DATA'] ?? join(homedir(), '.cache', 'archwalk');
const seed = Number(process.env['SURROGATE_SEED'] ?? 77);
for (const [cells, summary] of Object.entries(fidelity(openEmbedded(), openYahpo(dataFolder), seed, 512, 50_000))) {
  process.stdout.write(`${JSON.stringify({ set: cells, ...summary })}\n`);
}
