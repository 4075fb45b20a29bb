import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutTypes } from '../../../shared/benchmarks/typescriptHooks.js';
import { prepareProgram, type ProgramFolder } from '../../childProcess.js';

let program: ProgramFolder;
const folder = mkdtempSync(join(tmpdir(), 'archwalk-typescript-'));
beforeAll(() => { program = prepareProgram('test/shared/benchmarks/typescriptProgram.ts'); });
afterAll(() => {
  program.remove();
  rmSync(folder, { recursive: true });
});

async function open(name: string): Promise<unknown> {
  const child = program.start({}, join(folder, name));
  const [message] = (await once(child, 'message')) as [unknown];
  child.disconnect();
  return message;
}

const members = 'space: {} as object, validationAccuracies() {}, queryKey() {}, neighbours() {}, randomCode() {}, holds() {}';

describe('a benchmark in TypeScript', () => {
  it('is loaded with the TypeScript module that it imports by its .js name', async () => {
    writeFileSync(join(folder, 'name.ts'), 'enum Kind { Mine = "mine" }\nexport const name: Kind = Kind.Mine;\n');
    writeFileSync(join(folder, 'space.ts'), `import { name } from './name.js';\ninterface Described { readonly name: string }\nconst description: Described = { name };\nexport const benchmark = { description, ${members} };\n`);
    expect(await open('space.ts')).toEqual({ hooks: 'function', found: 'mine' });
  });

  it('is refused with the line where it is none', async () => {
    writeFileSync(join(folder, 'broken.ts'), 'export const one: number = 1;\nexport const = 2;\n');
    expect(await open('broken.ts')).toEqual({ hooks: 'function', refused: expect.stringContaining('broken.ts must be loadable, got "line 2: ') as string });
  });

  it('still says which module is missing', async () => {
    writeFileSync(join(folder, 'lonely.ts'), "import { name } from './nobody.js';\nexport const benchmark = name;\n");
    expect(await open('lonely.ts')).toEqual({ hooks: 'function', refused: expect.stringContaining('must be loadable, got "Cannot find module') as string });
  });
});

it('takes types out and keeps the rest', () => {
  expect(withoutTypes('export const one = (n: number): number => n as number;', 'one.ts')).toContain('export const one = (n) => n;');
  expect(() => withoutTypes('\n\nconst = 1;', 'bad.ts')).toThrow('line 3: ');
});
