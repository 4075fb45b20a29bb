import { afterEach, describe, expect, it } from 'vitest';
import { InvariantError, TransportError } from '../../../shared/errors.js';
import { Closing } from '../../../shared/lifecycle.js';
import { createLogger } from '../../../shared/logger.js';
import { StatusBoard } from '../../../shared/redis/status.js';
import { untilRunEnds } from '../../../shared/run/runEnd.js';
import { realRedis } from '../redis/realRedis.js';

const redis = realRedis();
const logger = createLogger({ role: 'actor', id: '1', run: 'test', level: 'error' });
const never = new AbortController().signal;
let closing = new Closing();
afterEach(async () => {
  await closing.run();
  closing = new Closing();
});

/** Resolves when `signal` fires: an actor that acts for as long as it may. */
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

describe('work that ends with its run', () => {
  it('ends when the learner says so, and at once where the run is over already', async () => {
    const keys = redis.keys();
    const board = new StatusBoard(redis.client, keys);
    let began = (): void => undefined;
    const begun = new Promise<void>((resolve) => (began = resolve));
    const work = untilRunEnds({ client: redis.client, keys, logger }, never, closing, (signal) => {
      expect(signal.aborted).toBe(false);
      began();
      return aborted(signal);
    });
    await begun;
    await board.requestStop('the goal is reached');
    await work;
    await untilRunEnds({ client: redis.client, keys, logger }, never, closing, async (signal) => expect(signal.aborted).toBe(true));
  });

  it('ends by SIGTERM as before', async () => {
    const terminated = new AbortController();
    const work = untilRunEnds({ client: redis.client, keys: redis.keys(), logger }, terminated.signal, closing, aborted);
    terminated.abort('SIGTERM');
    await expect(work).resolves.toBeUndefined();
  });

  it('takes a wait for Redis that the end cut off for the end, and nothing else', async () => {
    const keys = redis.keys();
    const lost = new TransportError('cut off');
    await expect(untilRunEnds({ client: redis.client, keys, logger }, never, closing, () => Promise.reject(lost))).rejects.toBe(lost);
    await new StatusBoard(redis.client, keys).requestStop('the goal is reached');
    await untilRunEnds({ client: redis.client, keys, logger }, never, closing, () => Promise.reject(lost));
    const broken = new InvariantError('broken');
    await expect(untilRunEnds({ client: redis.client, keys, logger }, never, closing, () => Promise.reject(broken))).rejects.toBe(broken);
  });
});
