/**
 * @file A run in lockstep repeats bit for bit, whatever is killed meanwhile: 200 learner steps in one go equal 200 with SIGKILL of
 * the learner and of the actor, and 200 with SIGKILL of every process at once (Redis too) and `--resume`. Real processes, real
 * Redis, real engine.
 */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../shared/checkpoint/manifest.js';
import { connectRedis } from '../../shared/redis/client.js';
import { runKeys } from '../../shared/redis/keys.js';
import { decodeSafetensors } from '../../shared/wire/safetensors.js';
import { TrainProcess, logLines, servicePids, tinyRun } from './trainProcess.js';

const steps = 200;
const inLockstep = ['--benchmark', 'nasbench301', ...tinyRun, '--set', 'learner.lockstep=true', '--set', 'learner.targetUpdatePeriod=30', '--set', 'learner.checkpointPeriodSeconds=0.2', '--learner-steps', String(steps)];

let base: string;
const started: TrainProcess[] = [];
const train = (run: string, ...args: string[]): TrainProcess => {
  const process_ = new TrainProcess(['--run', join(base, run), ...args]);
  started.push(process_);
  return process_;
};

/** Everything a checkpoint holds but what names processes and times: ids of the stream and its actors, seconds, the token. */
interface Content {
  readonly files: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, unknown>>;
  /** SHA-256 of the training queries' hashes, sorted: they are a set, kept in the order of a hash table. */
  readonly queries: string;
}

function finalContent(run: string): Content {
  const checkpoints = join(base, run, 'checkpoints');
  const newest = readdirSync(checkpoints).sort((a, b) => b.localeCompare(a, undefined, { numeric: true }))[0] as string;
  const manifest = JSON.parse(readFileSync(join(checkpoints, newest, 'manifest.json'), 'utf8')) as { step: number; files: Record<string, { sha256: string }>; state: Record<string, unknown> };
  expect(manifest.step).toBe(steps);
  const { seconds: _seconds, stream: _stream, ...state } = manifest.state;
  const { 'queries.safetensors': _queries, ...files } = manifest.files;
  const hashes = decodeSafetensors(readFileSync(join(checkpoints, newest, 'queries.safetensors'))).arrays[0]?.values as Float64Array;
  return { files: Object.fromEntries(Object.entries(files).map(([name, { sha256 }]) => [name, sha256])), state, queries: sha256(new Uint8Array(hashes.sort().buffer)) };
}

/** Calls `then` at the first announcement of weights of at least `version` learner steps once a checkpoint is on the disk. */
async function atVersion(train: TrainProcess, run: string, version: number, then: () => void): Promise<void> {
  const folder = join(base, run);
  const socket = join(folder, 'redis', 'redis.sock');
  await train.until('Redis', () => existsSync(socket));
  const client = await connectRedis({ url: `unix://${socket}`, name: 'test', blocking: true, connectMs: 60_000 });
  let done = false;
  await client.subscribe(runKeys(run).weightChannel, (message) => {
    if (done || Number(message.split('-')[1]) < version || !readdirSync(join(folder, 'checkpoints')).some((name) => /^\d/.test(name))) return;
    done = true;
    then();
  });
  await train.until(`weights of step ${version}`, () => done);
  client.abort();
}

const done = async (train: TrainProcess): Promise<void> => expect({ code: await train.exit(), stderr: train.stderr }).toMatchObject({ code: 0 });
const kill = (pid: number): void => void process.kill(pid, 'SIGKILL');

beforeAll(() => void (base = mkdtempSync(join(tmpdir(), 'archwalk-lockstep-'))));
afterAll(async () => {
  for (const { child, exit } of started.map((process_) => ({ child: process_.child, exit: process_.exit() }))) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await exit;
  }
  rmSync(base, { recursive: true, force: true });
});

describe('a run in lockstep', () => {
  it('is the same bit for bit in one go, with the learner and the actor killed, and with everything killed and resumed', { timeout: 900_000 }, async () => {
    const whole = train('whole', ...inLockstep);
    await done(whole);

    const torn = train('torn', ...inLockstep);
    await atVersion(torn, 'torn', steps / 2, () => servicePids('learner', join(base, 'torn')).forEach(kill));
    await atVersion(torn, 'torn', (3 * steps) / 4, () => servicePids('actor', join(base, 'torn')).forEach(kill));
    await done(torn);
    for (const service of ['learner', 'actor-0']) expect(torn.stderr).toContain(`${service} ended by SIGKILL`);

    const felled = train('felled', ...inLockstep);
    await atVersion(felled, 'felled', steps / 2, () => {
      const folder = join(base, 'felled');
      const all = (['learner', 'actor', 'evaluator'] as const).flatMap((role) => servicePids(role, folder));
      [felled.child.pid as number, ...all, Number(readFileSync(join(folder, 'redis', 'redis.pid'), 'utf8'))].forEach(kill);
    });
    await felled.exit();
    const resumed = train('felled', '--resume');
    await done(resumed);

    for (const run of ['torn', 'felled']) {
      const from = logLines(join(base, run), 'learner', 'goes on from').map((line) => Number(line['steps']));
      expect(from.length).toBe(1);
      expect(from[0]).toBeGreaterThan(0);
      expect(from[0]).toBeLessThan(steps);
      expect(finalContent(run)).toEqual(finalContent('whole'));
    }
    expect(Object.keys(finalContent('whole').files).sort()).toEqual(['online.safetensors', 'optimizer.safetensors', 'replay.bin', 'target.safetensors', 'walk.safetensors']);
  });

  it('takes one actor', async () => {
    const refused = train('two', ...inLockstep, '--actors', '2');
    expect(await refused.exit()).toBe(2);
    expect(refused.stderr).toBe('archwalk: actor.processes breaks a rule (learner.lockstep takes exactly 1 actor), got 2\n');
  });
});
