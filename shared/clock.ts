/**
 * @file The one home of the wall clock and of the process environment's time: everything else is handed a `Clock`, so that
 * tests can hold time still.
 */

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds on a clock that never goes back, for durations. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
