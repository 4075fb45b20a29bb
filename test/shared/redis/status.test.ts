import { describe, expect, it } from 'vitest';
import { WireFormatError } from '../../../shared/errors.js';
import { ActorMarks } from '../../../shared/redis/actorMarks.js';
import { StatusBoard } from '../../../shared/redis/status.js';
import { realRedis } from './realRedis.js';

const redis = realRedis();

describe('the status board', () => {
  it('shows what each process said last, by role and then id as a number', async () => {
    const board = new StatusBoard(redis.client, redis.keys(), { now: () => 5, monotonic: () => 0 });
    expect(await board.read()).toEqual([]);
    await board.publish('actor', '10', { transitions: 1 });
    await board.publish('learner', '0', { steps: 3 });
    await board.publish('actor', '9', { transitions: 1 });
    await board.publish('actor', '9', { transitions: 2 });
    expect(await board.read()).toEqual([
      { role: 'actor', id: '9', atMs: 5, fields: { transitions: 2 } },
      { role: 'actor', id: '10', atMs: 5, fields: { transitions: 1 } },
      { role: 'learner', id: '0', atMs: 5, fields: { steps: 3 } },
    ]);
    await board.remove('actor', '9');
    expect((await board.read()).length).toBe(2);
  });

  it('forgets a process that says nothing any more', async () => {
    const keys = redis.keys();
    const clock = { now: () => 1_000_000, monotonic: () => 0 };
    const board = new StatusBoard(redis.client, keys, clock);
    await board.publish('actor', '1', {});
    expect(await redis.client.run((r) => r.pttl(keys.status('actor', '1')))).toBeGreaterThan(5_000);
    await redis.client.run((r) => r.del(keys.status('actor', '1'))); // its lifetime is over
    expect(await board.read()).toEqual([]);
    clock.now = () => 2_000_000;
    await board.publish('actor', '2', {});
    expect(await redis.client.run((r) => r.zcard(keys.statusIndex))).toBe(1);
  });

  it('leaves out what is not ours, and refuses what is too long', async () => {
    const keys = redis.keys();
    const board = new StatusBoard(redis.client, keys);
    for (const [i, text] of ['{', 'null', '{"role":1}', `"${'x'.repeat(70_000)}"`].entries()) {
      await redis.client.run((r) => r.multi().set(`${keys.prefix}x${i}`, text).zadd(keys.statusIndex, 1e15, `${keys.prefix}x${i}`).exec());
    }
    expect(await board.read()).toEqual([]);
    await expect(board.publish('actor', '1', 'x'.repeat(70_000))).rejects.toThrow(WireFormatError);
    await expect(board.addEvaluation('x'.repeat(70_000))).rejects.toThrow(/at most 65536 characters/);
  });

  it('tells all to stop: those that listen, those that come later, those that were cut off', async () => {
    const keys = redis.keys();
    const board = new StatusBoard(redis.client, keys);
    const heard: string[] = [];
    let next = (): void => undefined;
    const said = new Promise<void>((resolve) => (next = resolve));
    const listener = new StatusBoard(await redis.connect('listener'), keys);
    await listener.onStop((reason) => {
      heard.push(reason);
      next();
    });
    expect(await board.stopRequested()).toBeNull();
    await board.requestStop('goal reached');
    await said;
    expect(heard).toEqual(['goal reached']);
    expect(await board.stopRequested()).toBe('goal reached');
    const late = new StatusBoard(redis.client, keys);
    await new Promise<void>((resolve) => void late.onStop(() => resolve()));

    const again = new Promise<void>((resolve) => (next = resolve));
    await redis.client.run((r) => r.call('CLIENT', 'KILL', 'TYPE', 'pubsub'));
    await again;
    expect(heard).toEqual(['goal reached', 'goal reached']);
    await board.clearStop();
    expect(await board.stopRequested()).toBeNull();
    listener.close();
    late.close();
  });

  it('keeps evaluations in order', async () => {
    const keys = redis.keys();
    const board = new StatusBoard(redis.client, keys);
    const first = await board.addEvaluation({ steps: 1 });
    await board.addEvaluation({ steps: 2 });
    expect((await board.evaluations()).map(({ result }) => result)).toEqual([{ steps: 1 }, { steps: 2 }]);
    expect((await board.evaluations(first)).map(({ result }) => result)).toEqual([{ steps: 2 }]);
    await redis.client.run((r) => r.xadd(keys.evaluations, '*', 'json', '{'));
    expect((await board.evaluations()).at(-1)?.result).toBeNull();
  });
});

describe('actor marks', () => {
  it('tell new batches from duplicates and count gaps', () => {
    const marks = new ActorMarks();
    // actor 1: 1, 2, 2 again, 5 (3 and 4 missing), a later incarnation from 1, the earlier one again.
    const verdicts = [[1, 10, 1], [1, 10, 2], [1, 10, 2], [1, 10, 5], [1, 11, 1], [1, 10, 6], [2, 9, 1]].map(([a = 0, i = 0, s = 0]) => marks.take(a, i, s));
    expect(verdicts).toEqual(['new', 'new', 'duplicate', 'new', 'new', 'duplicate', 'new']);
    expect([marks.duplicates, marks.missing]).toEqual([2, 2]);
    const restored = new ActorMarks();
    restored.restore(JSON.parse(JSON.stringify(marks.snapshot())));
    expect(restored.snapshot()).toEqual([[1, 11, 1], [2, 9, 1]]);
    expect(restored.take(2, 9, 1)).toBe('duplicate');
    expect(marks.take(3, 1, 3)).toBe('new'); // 1 and 2 were never seen
    expect(marks.missing).toBe(4);
  });

  it.each([null, [1], [[1, 2]], [[1, 2, -3]], [[1, 2, 'x']]])('refuse %j for a snapshot', (value) => expect(() => new ActorMarks().restore(value)).toThrow(/list of \[actor, incarnation, sequence\]/));
});
