/** @file Work that ends with its run: the learner says once that the goal is reached, and actors and evaluators leave with code 0. */
import { ArchwalkError } from '../errors.js';
import type { Closing } from '../lifecycle.js';
import { StatusBoard } from '../redis/status.js';
import type { JoinedRun } from './joinRun.js';

/**
 * Does `work` until it is over, `signal` fires or the run is at its end, at once where it already is.
 * @throws what `work` throws, but for a wait for Redis that the run's end cut off; TransportError
 */
export async function untilRunEnds(
  { client, keys, logger }: Pick<JoinedRun, 'client' | 'keys' | 'logger'>, signal: AbortSignal, closing: Closing, work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const ended = new AbortController();
  const board = new StatusBoard(client, keys);
  closing.add('the wish to stop', () => board.close());
  await board.onStop((reason) => {
    if (!ended.signal.aborted) logger.info({ reason }, 'the run is at its end');
    ended.abort(reason);
  });
  try {
    await work(AbortSignal.any([signal, ended.signal]));
  } catch (error) {
    if (!(ended.signal.aborted && error instanceof ArchwalkError && error.retryable)) throw error;
  }
}
