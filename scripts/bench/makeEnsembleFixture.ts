/**
 * @file Makes test/shared/benchmarks/nasbench301/ensembles.safetensors: small boosters trained here (boosters.ts), converted as a user's are. Needs the
 * Python of peers/installBoosters.sh: `node dist/scripts/bench/makeEnsembleFixture.js`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertEnsembles } from '../../services/cli/data/convertEnsembles.js';
import { packageRoot } from '../../shared/paths.js';
import { boosterPython, smallJobs, trainBoosters } from './boosters.js';

const cells = 4_000;
const folder = mkdtempSync(join(tmpdir(), 'archwalk-boosters-'));
try {
  trainBoosters(boosterPython(), folder, cells, smallJobs);
  const out = join(packageRoot, 'test', 'shared', 'benchmarks', 'nasbench301', 'ensembles.safetensors');
  const { file } = await convertEnsembles({ folder, out, python: boosterPython() });
  process.stdout.write(`${out}: ${file.ensembles.map((one) => `${one.label} of ${one.members.length} members by ${one.library}`).join(', ')}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
