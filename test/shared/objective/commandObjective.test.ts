import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandObjective } from '../../../shared/objective/commandObjective.js';

const evaluation = { query: 1, id: 'toy-7', architecture: { toy: 7 } };
const never = new AbortController().signal;
let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'archwalk-command-')); });
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

const objective = (command: string, limits = {}): CommandObjective =>
  new CommandObjective(command, join(folder, 'evaluations'), { timeoutMs: 20_000, retries: 0, retryPauseMs: 1, ...limits });
/** A line in `calls` for each run. */
const counted = (command: string): string => `echo run >> ${folder}/calls; ${command}`;
const calls = (): number => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n').length;

describe('CommandObjective', () => {
  it('gives the architecture on stdin and takes the accuracy from stdout', async () => {
    expect(await objective(`cat > ${folder}/seen; echo 0.93`).evaluate(evaluation, never)).toBe(0.93);
    expect(readFileSync(join(folder, 'seen'), 'utf8')).toBe('{"toy":7}\n');
  });

  it('takes JSON on the last line, after logs', async () => {
    expect(await objective('echo epoch 1; echo epoch 2; echo \'{"validationAccuracy": 0.5}\'').evaluate(evaluation, never)).toBe(0.5);
  });

  it('tries again after a failure, up to the bound', async () => {
    const second = counted(`test $(wc -l < ${folder}/calls) -ge 2 && echo 0.4`);
    expect(await objective(second, { retries: 1 }).evaluate(evaluation, never)).toBe(0.4);
    expect(calls()).toBe(2);
  });

  it('says what failed', async () => {
    await expect(objective('echo no GPU left >&2; exit 3', { retries: 1 }).evaluate(evaluation, never))
      .rejects.toThrow('query 1 must be evaluated, and failed 2 times, last: exit code 3: no GPU left');
  });

  it.each([
    ['echo 93.4', 'must be a fraction in 0..1, got 93.4'],
    ['echo done', 'must answer a number'],
    ['true', 'got nothing'],
  ])('does not pay again for an answer that is none: %s', async (command, message) => {
    await expect(objective(counted(command), { retries: 3 }).evaluate(evaluation, never)).rejects.toThrow(message);
    expect(calls()).toBe(1);
  });

  it('ends what takes too long, with all it started', async () => {
    await expect(objective(`(sleep 60; echo late > ${folder}/late) & sleep 60`, { timeoutMs: 300 }).evaluate(evaluation, never)).rejects.toThrow('no answer within 300 ms');
    expect(groupsNamed(folder)).toEqual([]);
  });

  it('ends when told to, and pays for a whole attempt later', async () => {
    const controller = new AbortController();
    const running = objective(counted(`: > ${folder}/started; sleep 60`)).evaluate(evaluation, controller.signal);
    await appears(join(folder, 'started'));
    controller.abort(new Error('interrupted'));
    await expect(running).rejects.toThrow('interrupted');
    expect(groupsNamed(folder)).toEqual([]);
    expect(await objective(counted('echo 0.6')).evaluate(evaluation, never)).toBe(0.6);
    expect(calls()).toBe(2);
  });

  it('reads an answer that was left unread, and adopts what still runs', async () => {
    const slow = counted(`while test ! -e ${folder}/go; do sleep 0.05; done; echo 0.7`);
    const first = objective(slow).evaluate(evaluation, never);
    await appears(join(folder, 'calls'));
    const second = objective(slow).evaluate(evaluation, never);
    writeFileSync(join(folder, 'go'), '');
    expect(await Promise.all([first, second])).toEqual([0.7, 0.7]);
    expect(await objective('echo 0.1').evaluate(evaluation, never)).toBe(0.7);
    expect(calls()).toBe(1);
  });

  it('begins anew where a kill left a folder without an input', async () => {
    mkdirSync(join(folder, 'evaluations', '1-1'), { recursive: true });
    expect(await objective('echo 0.2').evaluate(evaluation, never)).toBe(0.2);
  });

  it('removes the files of a settled evaluation, and of no other', async () => {
    const own = objective('echo 0.9');
    await own.evaluate(evaluation, never);
    await own.evaluate({ ...evaluation, query: 11 }, never);
    own.settled(evaluation);
    expect(readdirSync(join(folder, 'evaluations'))).toEqual(['11-1']);
  });
});

async function appears(path: string): Promise<void> {
  for (;;) {
    try {
      readFileSync(path);
      return;
    } catch {
      await new Promise(setImmediate);
    }
  }
}

/** Process ids whose command line names the folder. */
function groupsNamed(name: string): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(name);
    } catch {
      return false;
    }
  });
}
