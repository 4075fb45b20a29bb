/**
 * @file The whole way with the Python packages: boosters trained here, pickled in the official layout, converted, and predicted in both languages.
 * `make test-boosters` installs them (.deps/boosters); ARCHWALK_PEER_PYTHON names another Python. Without them this file is skipped, loudly.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boosterPython, hasBoosters, openBoosterPeer, smallJobs, trainBoosters, writeRawVectors, writeVectors } from '../../../../scripts/bench/boosters.js';
import { randomCells } from '../../../../scripts/surrogate/climb.js';
import { convertEnsembles } from '../../../../services/cli/data/convertEnsembles.js';
import { openTrees } from '../../../../shared/benchmarks/nasbench301/ensemble.js';
import type { EnsembleFile } from '../../../../shared/benchmarks/nasbench301/ensembleFile.js';
import { inactive, officialLength, writeOfficialVector } from '../../../../shared/benchmarks/nasbench301/officialVector.js';
import { Rng } from '../../../../shared/rng.js';
import { slowMembers } from './treeFixtures.js';

const python = boosterPython();
const installed = hasBoosters(python);
if (!installed) console.warn(`SKIPPED: the boosters' Python must have numpy, xgboost and lightgbm, not so: ${python}; "make test-boosters" installs them`);
const folder = mkdtempSync(join(tmpdir(), 'archwalk-boosters-'));
const models = join(folder, 'nb_models_1.0');
afterAll(() => rmSync(folder, { recursive: true }));
const rows = 2_500;
const longest = 240_000;

describe.skipIf(!installed)('against the Python boosters', () => {
  let file: EnsembleFile;
  beforeAll(async () => {
    trainBoosters(python, models, 3_000, smallJobs);
    ({ file } = await convertEnsembles({ folder: models, out: join(folder, 'all.safetensors'), python }));
  }, longest);

  it.each(smallJobs.map(({ label, model }) => [label, model]))('%s predicts 2,500 random cells as they do, to 1e-5', async (label, model) => {
    const data = file.ensembles.find((one) => one.name === model) as EnsembleFile['ensembles'][number];
    const codes = randomCells(rows, new Rng(9));
    writeVectors(join(folder, 'cells.f64'), codes);
    const peer = openBoosterPeer(python, join(models, label), 1);
    const theirs = await peer.predict(join(folder, 'cells.f64'));
    peer.close();
    const ours = new Float64Array(rows * theirs.length);
    openTrees('all', data, file.probeCodes).predictMembers(codes, rows, ours);
    const differences = theirs.flatMap((values, member) => values.map((value, row) => Math.abs(value - (ours[member * rows + row] as number))));
    expect(theirs.length).toBe(data.members.length);
    expect(Math.max(...differences)).toBeLessThanOrEqual(1e-5);
  }, longest);

  // The official code replaces NaN by -1; here it stays, and goes each split's own way, or counts as 0 where lightgbm saw none in training.
  it.each(smallJobs.map(({ label, model }) => [label, model]))('%s as stored sends NaN where they send it', async (label, model) => {
    const data = file.ensembles.find((one) => one.name === model) as EnsembleFile['ensembles'][number];
    const codes = randomCells(300, new Rng(10));
    const vectors = new Float64Array(300 * officialLength);
    for (let i = 0; i < 300; i++) writeOfficialVector(codes, 2 * i, vectors, i * officialLength);
    vectors.forEach((value, i) => { if (value === inactive) vectors[i] = NaN; });
    writeRawVectors(join(folder, 'nan.f64'), vectors);
    const peer = openBoosterPeer(python, join(models, label), 1);
    const theirs = await peer.predict(join(folder, 'nan.f64'));
    peer.close();
    for (let i = 0; i < 300; i++) expect(slowMembers(data, vectors.subarray(i * officialLength, (i + 1) * officialLength))).toEqual(theirs.map((values) => values[i]));
  }, longest);

  it.each([
    ['a cut pickle', (path: string) => writeFileSync(path, Uint8Array.of(0x80, 4, 0x95)), /must be a pickle that this Python's xgboost \S+ reads, got \w+: .*; a model pickled by an old release may need it/],
    ['another object', (path: string) => writeFileSync(path, '}.'), /must hold a xgboost Booster, found builtins\.dict$/],
    ['a lightgbm model among xgboost\'s', (path: string) => cpSync(join(models, 'lgb_v1.0', 'member_0', 'surrogate_model.model'), path), /must hold a xgboost Booster, found lightgbm\.basic\.Booster$/],
  ])('%s is refused in one line, and nothing is written', async (_, spoil, words) => {
    const spoiled = mkdtempSync(join(folder, 'spoiled-'));
    cpSync(join(models, 'xgb_v1.0'), join(spoiled, 'xgb_v1.0'), { recursive: true });
    spoil(join(spoiled, 'xgb_v1.0', 'member_1', 'surrogate_model.model'));
    const error: unknown = await convertEnsembles({ folder: spoiled, out: join(spoiled, 'out.safetensors'), python }).catch((thrown: unknown) => thrown);
    expect((error as Error).message).toMatch(words);
    expect((error as Error).message).not.toContain('\n');
    expect(existsSync(join(spoiled, 'out.safetensors'))).toBe(false);
    expect(readdirSync(spoiled)).toEqual(['xgb_v1.0']);
  }, longest);
});
