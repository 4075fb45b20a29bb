/** @file The programs in docs/library.md are the files of docs/examples, and those run as a user's would: on the compiled package, by its name. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../shared/paths.js';

const page = readFileSync(join(packageRoot, 'docs', 'library.md'), 'utf8');
const read = (name: string): string => readFileSync(join(packageRoot, 'docs', 'examples', name), 'utf8');
const run = async (name: string): Promise<string> => (await promisify(execFile)(process.execPath, [join(packageRoot, 'dist', 'docs', 'examples', name)])).stdout;

describe('docs/library.md', () => {
  it.each(readdirSync(join(packageRoot, 'docs', 'examples')))('shows %s word for word', (name) => {
    expect(page).toContain(`\`\`\`ts\n${read(name)}\`\`\``);
  });

  it('shows no other program', () => {
    expect([...page.matchAll(/```ts\n/g)]).toHaveLength(readdirSync(join(packageRoot, 'docs', 'examples')).length);
  });

  it.each([
    ['lookUp.js', /^normal:\S+;reduce:\S+: \d\d\.\d\d %\n\d+ neighbours are better\n$/],
    ['ownObjective.js', /^best of 100: .+ with 0\.\d{4}, found at query \d+\n$/],
    ['compare.js', /random-search +0 [\s\S]*local-search +0 [\s\S]*evolution +0 /],
  ])('%s prints what the page says', async (name, printed) => {
    expect(await run(name)).toMatch(printed);
  });
});
