import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { dataConvert, type DataConvertOptions } from '../../../../services/cli/commands/dataConvert.js';
import { ConfigError, DatasetError } from '../../../../shared/errors.js';

const base = mkdtempSync(join(tmpdir(), 'archwalk-convert-'));
afterAll(() => rmSync(base, { recursive: true }));
/** A Python without any package. */
const bare = join(base, 'bare-python');
writeFileSync(bare, '#!/bin/sh\nexec python3 -I -S "$@"\n');
chmodSync(bare, 0o755);

let models = '';
let data = '';
beforeEach(() => {
  models = mkdtempSync(join(base, 'models-'));
  data = mkdtempSync(join(base, 'data-'));
});
/** A member's folder; its pickle is any text. */
function member(path: string, config: unknown, pickle: string | null = 'not a pickle'): void {
  const folder = join(models, path);
  mkdirSync(folder, { recursive: true });
  if (config !== null) writeFileSync(join(folder, 'model_config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  if (pickle !== null) writeFileSync(join(folder, 'surrogate_model.model'), pickle);
}
const options = (change: Partial<DataConvertOptions> = {}): DataConvertOptions => ({
  dataFolder: data, python: bare, json: false, output: { write: () => undefined }, errors: { write: () => undefined }, ...change,
});
async function failure(change: Partial<DataConvertOptions> = {}, name = 'nasbench301', folder = models): Promise<Error> {
  const error: unknown = await dataConvert(name, folder, options(change)).then(() => null, (thrown: unknown) => thrown);
  expect(existsSync(join(data, 'nasbench301')) ? readdirSync(join(data, 'nasbench301')) : []).toEqual([]);
  expect((error as Error).message).not.toContain('\n');
  return error as Error;
}

describe('data convert says in one line, leaving nothing behind, that', () => {
  it('only NAS-Bench-301 has pickles', async () => {
    const error = await failure({}, 'nasbench201');
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toBe('data convert must be given nasbench301, the benchmark whose models are pickles, got "nasbench201"');
  });

  it('there is no such Python', async () => {
    const error = await failure({ python: '/nowhere/python' });
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toBe('--python must name a Python 3 that starts, got "/nowhere/python": spawn /nowhere/python ENOENT');
  });

  it('that Python is something else', async () => expect((await failure({ python: 'false' })).message).toBe('the conversion by false must end with exit code 0, got 1: '));

  it('the folder is not there', async () => expect((await failure({}, 'nasbench301', '/nowhere')).message).toBe('/nowhere must be a folder of NAS-Bench-301 models, found nothing'));

  it('the folder holds no members', async () => {
    const error = await failure();
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toBe(`${models} must hold members (surrogate_model.model beside model_config.json) of xgb, lgb, xgb_time, lgb_time, found none`);
  });

  it('the folder holds other models only', async () => {
    member('gnn_gin_v1.0/member_0', { model: 'gnn_gin' });
    expect((await failure()).message).toContain(`found ${models}/gnn_gin_v1.0/member_0 (gnn_gin)`);
  });

  it('a member\'s model is missing', async () => {
    member('xgb_v1.0/member_0', { model: 'xgb' });
    member('xgb_v1.0/member_1', { model: 'xgb' }, null);
    expect((await failure()).message).toBe(`the xgb member ${models}/xgb_v1.0/member_1 must hold surrogate_model.model, found none`);
  });

  it('a member\'s configuration is missing', async () => {
    member('xgb_v1.0/member_0', null);
    expect((await failure()).message).toBe(`the member ${models}/xgb_v1.0/member_0 must hold model_config.json beside surrogate_model.model, found none`);
  });

  it.each([['{', 'must be JSON with a "model", got '], ['{}', 'must be JSON with a "model", got \'model\''], ['[]', 'must be JSON with a "model", got list indices']])('a configuration is %s', async (text, words) => {
    member('xgb_v1.0/member_0', text);
    expect((await failure()).message).toContain(`${models}/xgb_v1.0/member_0/model_config.json ${words}`);
  });

  it('a member was trained on another encoding', async () => {
    member('xgb_v1.0/member_0', { model: 'xgb', 'param:bananas_enc': true });
    expect((await failure()).message).toContain('must be trained on the configuration vector, found bananas_enc true');
  });

  it('a Python module is missing', async () => {
    member('xgb_v1.0/member_0', { model: 'xgb' });
    expect((await failure()).message).toMatch(/ must have the Python module numpy for the conversion, got No module named 'numpy'; pip install numpy, or name another Python by --python$/);
  });
});
