import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveConfig } from '../../../shared/config/resolve.js';
import { createRunFolder, lockRunFolder, readRunConfig, runFolder } from '../../../shared/config/runFolder.js';

let base: string;
beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'archwalk-run-'))));
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe('runFolder', () => {
  it.each(['a b', '.hidden', '-x', 'x'.repeat(65)])('refuses the name %j', (name) => {
    expect(() => runFolder(join(base, name))).toThrow('a run\'s name must be 1 to 64 letters');
  });

  it('resolves .. before it looks at the name', () => {
    expect(runFolder(join(base, 'x', '..', 'y')).name).toBe('y');
  });
});

describe('createRunFolder and readRunConfig', () => {
  it('give back the same configuration, and never overwrite a run', () => {
    const folder = runFolder(join(base, 'one'));
    const config = resolveConfig({ assignments: ['mdp.gamma=0.85'] });
    createRunFolder(folder, config);
    expect(readRunConfig(folder)).toEqual(config);
    expect(() => createRunFolder(folder, resolveConfig({}))).toThrow('already holds one: add --resume');
    expect(readRunConfig(folder).mdp.gamma).toBe(0.85);
  });

  it('name a missing and a damaged config.json', () => {
    const folder = runFolder(join(base, 'two'));
    expect(() => readRunConfig(folder)).toThrow('does not exist');
    createRunFolder(folder, resolveConfig({}));
    writeFileSync(folder.config, readFileSync(folder.config, 'utf8').slice(0, 40));
    expect(() => readRunConfig(folder)).toThrow('must be JSON, and is damaged');
  });
});

describe('lockRunFolder', () => {
  it('is held by one process at a time and released', () => {
    const folder = runFolder(join(base, 'three'));
    const release = lockRunFolder(folder);
    expect(() => lockRunFolder(folder)).toThrow(`process ${process.pid} is using`);
    release();
    lockRunFolder(folder)();
  });

  it('is taken over from a process that is gone', () => {
    const folder = runFolder(join(base, 'four'));
    lockRunFolder(folder)();
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    writeFileSync(join(folder.root, 'run.lock'), String(gone));
    expect(() => lockRunFolder(folder)()).not.toThrow();
  });
});
