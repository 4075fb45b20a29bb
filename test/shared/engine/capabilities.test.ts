import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bf16Features, installedLibrary } from '../../../shared/engine/capabilities.js';

describe('bf16Features', () => {
  it.each([
    ['a Xeon with AMX', 'processor\t: 0\nflags\t\t: fpu avx512f avx512_bf16 amx_bf16 amx_tile\n', ['amx_bf16', 'avx512_bf16']],
    ['Zen 4', 'flags\t\t: fpu avx2 avx512_bf16 avx512_vnni\n', ['avx512_bf16']],
    ['Zen 3', 'flags\t\t: fpu sse4_2 avx avx2 fma\n', []],
    ['Neoverse V1', 'processor\t: 0\nFeatures\t: fp asimd i8mm bf16\n', ['bf16']],
    ['a processor whose file says nothing', '', []],
  ])('%s', (_, cpuinfo, expected) => expect(bf16Features(cpuinfo)).toEqual(expected));

  it('takes whole words only: avx512_bf16 is not arm64’s bf16', () => expect(bf16Features('flags : avx512_bf16\n')).not.toContain('bf16'));
});

describe('installedLibrary', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'archwalk-library-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('says that nothing is installed in an empty folder', () => expect(installedLibrary(folder)).toEqual({ folder: null, cuda: false }));

  it('finds the library, and CUDA beside it', () => {
    mkdirSync(join(folder, 'tensorflow', 'tensorflow'), { recursive: true });
    writeFileSync(join(folder, 'tensorflow', 'tensorflow', 'libtensorflow_cc.so.2'), '');
    expect(installedLibrary(folder)).toEqual({ folder: join(folder, 'tensorflow', 'tensorflow'), cuda: false });
    mkdirSync(join(folder, 'tensorflow', 'nvidia', 'cuda_runtime'), { recursive: true });
    expect(installedLibrary(folder).cuda).toBe(true);
  });
});
