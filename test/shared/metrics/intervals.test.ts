import { describe, expect, it } from 'vitest';
import { Rates, Stopwatch } from '../../../shared/metrics/intervals.js';

const fakeClock = () => {
  const clock = { now: 0 };
  return { clock, now: () => clock.now };
};

describe('Rates', () => {
  it('are per second since the last take', () => {
    const { clock, now } = fakeClock();
    const rates = new Rates<'a'>(now);
    expect(rates.take({ a: 10 })).toEqual({ a: 0 });
    clock.now = 2000;
    expect(rates.take({ a: 30 })).toEqual({ a: 10 });
    clock.now = 2500;
    expect(rates.take({ a: 30 })).toEqual({ a: 0 });
  });
});

describe('Stopwatch', () => {
  it('gives shares of the interval, also of what is still under way', async () => {
    const { clock, now } = fakeClock();
    const watch = new Stopwatch<'wait' | 'work'>(now);
    const [, took] = await watch.time('work', () => {
      clock.now += 300;
      return Promise.resolve();
    });
    expect(took).toBe(300);
    clock.now = 1000;
    expect(watch.take(['work', 'wait'])).toEqual({ work: 0.3, wait: 0 });
    let end = (): void => undefined;
    const waiting = watch.time('wait', () => new Promise<void>((resolve) => (end = resolve)));
    clock.now = 1400;
    expect(watch.take(['work', 'wait'])).toEqual({ work: 0, wait: 1 });
    clock.now = 1500;
    end();
    await waiting;
    clock.now = 1600;
    expect(watch.take(['wait'])).toEqual({ wait: 0.5 });
    expect(watch.totals.get('wait')).toBe(500);
  });

  it('counts work that fails', async () => {
    const { clock, now } = fakeClock();
    const watch = new Stopwatch<'work'>(now);
    await expect(watch.time('work', () => {
      clock.now += 5;
      return Promise.reject(new Error('x'));
    })).rejects.toThrow('x');
    expect(watch.totals.get('work')).toBe(5);
  });
});
