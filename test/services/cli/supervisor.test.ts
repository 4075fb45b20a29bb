import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ServiceEvent, Supervisor } from '../../../services/cli/supervisor.js';

let folder: string;
let events: ServiceEvent[];
let supervisor: Supervisor;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'archwalk-supervisor-'));
  events = [];
  supervisor = new Supervisor(folder, (event) => events.push(event));
});
afterEach(async () => {
  await supervisor.stop(supervisor.names(), 1000);
  rmSync(folder, { recursive: true, force: true });
});

const service = (name: string, source: string) => {
  const script = join(folder, `${name}.mjs`);
  writeFileSync(script, source);
  return { name, script, arguments: ['hello'], environment: { COLOUR: 'red' } };
};

describe('Supervisor', () => {
  it('hands arguments and environment on, keeps the log, and ends with the code 0', async () => {
    expect(await supervisor.start(service('one', 'console.log(process.argv[2], process.env.COLOUR)'))).toBe(0);
    expect(readFileSync(join(folder, 'one.jsonl'), 'utf8')).toBe('hello red\n');
    expect(events.map((e) => e.kind)).toEqual(['started', 'ended']);
  });

  it('starts a crashed service again and shows its last lines', async () => {
    const state = join(folder, 'state');
    const source = `import fs from 'node:fs';
      if (fs.existsSync(${JSON.stringify(state)})) process.exit(0);
      fs.writeFileSync(${JSON.stringify(state)}, '');
      console.error('about to fail'); process.kill(process.pid, 'SIGKILL');`;
    expect(await supervisor.start(service('two', source))).toBe(0);
    const crash = events.find((e) => e.kind === 'crashed');
    expect(crash).toMatchObject({ name: 'two', how: 'SIGKILL', lastLines: ['about to fail'] });
  });

  it('does not start bad input again', async () => {
    expect(await supervisor.start(service('three', 'process.exit(2)'))).toBe(2);
    expect(events.filter((e) => e.kind === 'crashed')).toEqual([]);
  });

  it('stops by SIGTERM, then by SIGKILL', async () => {
    const polite = supervisor.start(service('polite', 'process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1e6); console.log("up")'));
    const stubborn = supervisor.start(service('stubborn', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6); console.log("up")'));
    const up = (name: string) => existsSync(join(folder, `${name}.jsonl`)) && readFileSync(join(folder, `${name}.jsonl`), 'utf8').includes('up');
    while (!up('polite') || !up('stubborn')) await new Promise((resolve) => setTimeout(resolve, 20));
    await supervisor.stop(['polite', 'stubborn'], 500);
    expect(await polite).toBe(0);
    expect(await stubborn).toBe(1);
  });
});
