/** @file Another attempt after a failed evaluation, up to a bound, with a growing pause. */
import { setTimeout as pause } from 'node:timers/promises';
import { ConfigError } from '../errors.js';

/** How an objective's evaluations may fail and be tried again. */
export interface ObjectiveLimits {
  /** One attempt's time. */
  readonly timeoutMs: number;
  /** Attempts after the first, before the search stops. */
  readonly retries: number;
  /** Pause before the first retry; doubled before each further one. */
  readonly retryPauseMs: number;
}

/** A failure that another attempt cannot mend. */
export class PermanentFailure extends Error {}

/**
 * @returns what an attempt returned
 * @throws ConfigError with the last attempt's message once the attempts are used up or one failed for good; the abort's reason when aborted
 */
export async function withRetries<T>(limits: ObjectiveLimits, what: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures++) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof PermanentFailure || failures > limits.retries) {
        throw new ConfigError(`${what} must be evaluated, and failed ${failures === 1 ? 'once' : `${failures} times`}, last: ${message}`, error);
      }
      await pause(limits.retryPauseMs * 2 ** (failures - 1), undefined, { signal });
    }
  }
}
