import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Closing } from '../../../../shared/lifecycle.js';
import { Rng } from '../../../../shared/rng.js';
import { runSearches } from '../../../../shared/search/runSearches.js';
import { search, type SearchOptions } from '../../../../services/cli/commands/search.js';
import { prepareProgram, type ProgramFolder } from '../../../childProcess.js';
import { toyBenchmark } from '../../../shared/search/toyBenchmark.js';

/** The real command, in processes of its own, on a benchmark module of a user's own (the toy space). */
let cli: ProgramFolder;
let toy: ProgramFolder;
let folder: string;
beforeAll(() => {
  cli = prepareProgram('test/services/cli/commands/searchProgram.ts');
  toy = prepareProgram('test/shared/search/toyBenchmark.ts');
});
afterAll(() => {
  cli.remove();
  toy.remove();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'archwalk-search-'));
  writeFileSync(join(folder, 'space.mjs'), `import { toyBenchmark } from '${toy.script}';\nexport const benchmark = toyBenchmark();\n`);
});
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

const benchmark = toyBenchmark();
const BUDGET = 30;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(options: Partial<SearchOptions>): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [cli.script, JSON.stringify({ benchmark: join(folder, 'space.mjs'), budget: BUDGET, out: join(folder, 'out'), json: false, ...options })], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (part) => { stdout += String(part); });
  child.stderr.on('data', (part) => { stderr += String(part); });
  const ended = new Promise<Ended>((resolve) => { child.once('close', (code, signal) => { resolve({ code, signal, stdout, stderr }); }); });
  return { child, ended };
}

/** An objective that notes each evaluation it is paid for, takes a while, and answers from a table of files. */
function objectiveCommand(): string {
  mkdirSync(join(folder, 'table'));
  benchmark.table.forEach((accuracy, code) => { writeFileSync(join(folder, 'table', String(code)), `${accuracy}\n`); });
  return `read line; code=$(echo "$line" | tr -dc 0-9); echo $code >> ${folder}/paid; sleep 0.05; cat ${folder}/table/$code`;
}
const paid = (): string[] => (existsSync(join(folder, 'paid')) ? readFileSync(join(folder, 'paid'), 'utf8').trim().split('\n') : []);

async function expectedHistory(method: 'random-search' | 'local-search') {
  const [trace] = await runSearches({ method, benchmark, seeds: [3], budget: BUDGET });
  return Array.from(trace?.codes ?? [], (code, i) => ({ query: i + 1, id: `toy-${code}`, architecture: { toy: code }, validationAccuracy: trace?.accuracies[i] }));
}

describe('archwalk search', () => {
  it('searches the benchmark itself and prints the best as JSON', async () => {
    const { code, stdout } = await start({ method: 'local-search', seed: 3, json: true }).ended;
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as { best: { validationAccuracy: number; testAccuracy: number }; history: unknown[] };
    const history = await expectedHistory('local-search');
    expect(result.history).toEqual(history);
    expect(result.best.validationAccuracy).toBe(Math.max(...history.map((h) => h.validationAccuracy ?? 0)));
    expect(result.best.testAccuracy).toBeGreaterThan(0);
  });

  it('prints the best as text', async () => {
    const { stdout, stderr } = await start({ method: 'random-search' }).ended;
    expect(stdout).toMatch(/^best of 30 queries: validation \d\d\.\d\d %, test \d\d\.\d\d %, found at query \d+\ntoy-\d+\n\{"toy":\d+\}\n$/);
    expect(stderr).toContain('history.jsonl');
  });

  // Kills at random moments; every evaluation notes itself in `paid`: at the end each architecture stands there once.
  it.each([['local-search', 1, 5], ['random-search', 3, 20]] as const)('survives SIGKILLs: %s, %i at once, %i kills', async (method, parallel, most) => {
    const options = { method, seed: 3, json: true, parallel, objectiveCommand: objectiveCommand() };
    const rng = new Rng(11);
    let kills = 0;
    let last: Ended | null = null;
    while (last === null) {
      const { child, ended } = start(options);
      if (kills < most) {
        const before = paid().length;
        const stopAfter = before + 1 + rng.int(2);
        const watching = setInterval(() => {
          if (paid().length >= Math.min(stopAfter, BUDGET)) setTimeout(() => child.kill('SIGKILL'), rng.int(40));
        }, 5);
        const end = await ended;
        clearInterval(watching);
        if (end.signal === 'SIGKILL') kills++;
        else last = end;
      } else {
        last = await ended;
      }
    }
    expect(kills).toBeGreaterThanOrEqual(0.75 * most);
    expect(last.code).toBe(0);
    expect((JSON.parse(last.stdout) as { history: unknown }).history).toEqual(await expectedHistory(method));
    expect(new Set(paid()).size).toBe(BUDGET);
    expect(paid()).toHaveLength(BUDGET);
  }, 180_000);

  it('saves and says so when interrupted, and goes on', async () => {
    const options = { method: 'random-search', seed: 3, json: true, objectiveCommand: objectiveCommand() };
    const first = start(options);
    const watching = setInterval(() => {
      if (paid().length < 4) return;
      clearInterval(watching);
      first.child.kill('SIGINT');
    }, 5);
    const interrupted = await first.ended;
    clearInterval(watching);
    expect(interrupted.code).toBe(130);
    expect(interrupted.stderr).toMatch(/saved \d+ of 30 queries in .*history\.jsonl; the same command goes on/);
    const second = await start(options).ended;
    expect((JSON.parse(second.stdout) as { history: unknown }).history).toEqual(await expectedHistory('random-search'));
  });

  it('refuses a search folder in use', async () => {
    mkdirSync(join(folder, 'out'));
    writeFileSync(join(folder, 'out', 'run.lock'), String(process.pid));
    const { code, stderr } = await start({ method: 'random-search' }).ended;
    expect(code).toBe(2);
    expect(stderr).toContain(`process ${process.pid} is using`);
  });

  it.each([
    [{}, 'search needs --run DIR with a trained agent'],
    [{ method: 'all' }, '--method must be one method, got "all"'],
    [{ method: 'annealing' }, 'a method must be'],
    [{ method: 'random-search', objectiveCommand: 'x', objectiveUrl: 'http://y' }, 'a search has one objective'],
    [{ method: 'random-search', objectiveUrl: 'ftp://y' }, '--objective-url must be an http or https address'],
    [{ method: 'random-search', timeoutSeconds: 9_999_999 }, '--timeout-seconds must be above 0'],
    [{ method: 'random-search', parallel: 2_000 }, '--parallel must be in 1..1,000'],
    [{ method: 'random-search', budget: 0 }, 'a query budget must be'],
    [{ method: 'random-search', objectiveCommand: 'exit 7', retries: 0 }, 'query 1 must be evaluated, and failed once, last: exit code 7'],
  ])('refuses %j', async (options, message) => {
    const closing = new Closing();
    const searching = search({ benchmark: join(folder, 'space.mjs'), budget: BUDGET, out: join(folder, 'out'), json: false, ...options }, { signal: new AbortController().signal, closing });
    await expect(searching).rejects.toThrow(message);
    await expect(searching).rejects.toMatchObject({ badInput: true });
    await closing.run();
  });

  it('refuses to go on with other settings of the benchmark', async () => {
    writeFileSync(join(folder, 'space.mjs'), `import { toyBenchmark } from '${toy.script}';\nconst toy = toyBenchmark();\nexport const openBenchmark = ({ repeats }) => ({ ...toy, description: { ...toy.description, settings: { repeats } } });\n`);
    expect((await start({ method: 'random-search' }).ended).code).toBe(0);
    const { code, stderr } = await start({ method: 'random-search', repeats: 'fixed:1' }).ended;
    expect(code).toBe(2);
    expect(stderr).toContain('has repeats "mean" instead of "fixed:1": choose another --out');
  });

  it('refuses another search\'s history', async () => {
    await start({ method: 'random-search', seed: 1 }).ended;
    const { code, stderr } = await start({ method: 'random-search', seed: 2 }).ended;
    expect(code).toBe(2);
    expect(stderr).toContain('has seed 1 instead of 2: choose another --out');
  });
});
