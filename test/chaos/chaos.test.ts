/**
 * @file A real run under CHAOS_MINUTES (default 10) of faults drawn by CHAOS_SEED (default 1), counted from outside. Every entry
 * that Redis accepted must be in the restored replay exactly once, or evicted by FIFO, or in quarantine, or still in the stream;
 * sequence numbers must have no gap; an actor's weights never go back but across a learner's resume; no process may fall by
 * itself; after every few faults the run must move again by itself, and in the end reach its step target.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configHash } from '../../shared/config/resolve.js';
import { largestBatch } from '../../shared/config/schema.js';
import { runKeys } from '../../shared/redis/keys.js';
import { StatusBoard } from '../../shared/redis/status.js';
import { decodeReplay } from '../../shared/replay/replaySnapshot.js';
import { Rng } from '../../shared/rng.js';
import { Observer } from './observer.js';
import { moves, say, storm } from './storm.js';
import { System, small } from './system.js';

const minutes = Number(process.env['CHAOS_MINUTES'] ?? 10);
const seed = Number(process.env['CHAOS_SEED'] ?? 1);

let base: string;
let system: System;
let observer: Observer;
let board: StatusBoard;
let reached = false;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'archwalk-chaos-'));
  system = await System.start(join(base, 'run'), small);
  const keys = runKeys('run');
  observer = await Observer.start(system.redisUrl, keys, { configHash: configHash(system.config), codeWords: 2, neighbours: system.config.mdp.neighbours, maxCount: largestBatch(system.config) });
  board = new StatusBoard(observer.client, keys);
});
afterAll(async () => {
  for (const line of [...observer.violations, ...system.fell]) say(line);
  await observer.close();
  await system.close();
  if (reached) rmSync(base, { recursive: true, force: true });
  else say(`logs: ${system.folder.logs}`);
});

async function checkAccounts(): Promise<void> {
  await observer.stop();
  const { path, state } = system.saved();
  const { lastId } = state.stream;
  const expected = observer.expectedReplay({ ...system.config.replay, codeWords: 2 }, lastId);
  const got = decodeReplay(readFileSync(join(path, 'replay.bin')));
  const wanted = decodeReplay(expected.serialize());
  expect(got.header.inserted).toBe(expected.inserted);
  expect(state.limiter.inserts).toBe(expected.inserted);
  expect(Buffer.compare(Buffer.from(got.records.buffer), Buffer.from(wanted.records.buffer))).toBe(0);
  const keys = runKeys('run');
  const ids = async (key: string, from: string): Promise<string[]> => (await observer.client.run((redis) => redis.xrange(key, from, '+'))).map(([id]) => id);
  expect(await ids(keys.quarantine, '-')).toEqual(observer.refused(lastId));
  expect(await ids(keys.transitions, `(${lastId}`)).toEqual(observer.after(lastId));
  expect(observer.violations).toEqual([]);
}

describe(`${minutes} minutes of chaos, seed ${seed}`, () => {
  it('lose nothing, count nothing twice, and end at the step target', async () => {
    await moves({ system, board }, 5);
    const end = performance.now() + 60_000 * minutes;
    const happened = await storm({ system, board, rng: new Rng(seed), addRefuse: (bytes) => observer.addRefuse(bytes), isOver: () => performance.now() > end });
    await moves({ system, board }, 100);
    await system.stop();
    const target = system.saved().step + 50;
    expect(await system.resume(target)).toBe(0);
    expect(system.saved().step).toBe(target);
    await checkAccounts();
    expect(system.fell).toEqual([]);
    expect(readFileSync(join(system.folder.logs, 'learner.jsonl'), 'utf8')).not.toContain('are lost to this run');
    reached = true;
    say(`${target} steps, ${observer.entries} entries, ${observer.transitions} transitions, ${observer.refused('9999999999999-0').length} refused`);
    say(`starts: ${[...system.starts].map(([name, count]) => `${name} ${count}`).join(', ')}`);
    say(`faults: ${[...happened].map(([name, count]) => `${name} ${count}`).join(', ')}`);
  });
});
