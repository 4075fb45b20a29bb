import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, InvariantError } from '../../../shared/errors.js';
import { RateLimiter } from '../../../shared/replay/rateLimiter.js';

// 2 samples an insert after 10 inserts: centre 20. Batch 4, inserts of up to 3, buffer 5: difference between 15 and 25.
const make = () => new RateLimiter({ samplesPerInsert: 2, minSize: 10, batchSize: 4, maxInsert: 3, errorBuffer: 5 });

describe('RateLimiter', () => {
  it('follows the formula', () => {
    const limiter = make();
    expect([limiter.centre, limiter.errorBuffer, limiter.ratio]).toEqual([20, 5, 0]);
    for (let i = 0; i < 3; i++) limiter.inserted(3);
    expect([limiter.canSample(), limiter.canInsert()]).toEqual([false, true]); // 9 inserts: warm-up
    limiter.inserted(1);
    // 10 inserts, difference 20: a sample of 4 leaves 16 >= 15; an insert of 3 makes 26 > 25, one of 2 makes 24.
    expect([limiter.difference, limiter.canSample(), limiter.canSample(6), limiter.canInsert(), limiter.canInsert(2)]).toEqual([20, true, false, false, true]);
    limiter.sampled(4);
    // difference 16: another sample would leave 12 < 15; an insert of 3 makes 22.
    expect([limiter.difference, limiter.canSample(), limiter.canInsert()]).toEqual([16, false, true]);
    limiter.inserted(3);
    expect([limiter.difference, limiter.inserts, limiter.samples]).toEqual([22, 13, 4]);
    expect(limiter.ratio).toBeCloseTo(4 / 3, 14);
  });

  it('lets an insert go over the minimal size by a part of itself', () => {
    const limiter = make();
    for (let i = 0; i < 3; i++) limiter.inserted(3);
    limiter.inserted(3);
    expect([limiter.inserts, limiter.difference, limiter.canInsert(1), limiter.canSample()]).toEqual([12, 24, false, true]);
  });

  it('takes a tenth of the centre as buffer, or one turn of both where that is more', () => {
    const base = { samplesPerInsert: 2, batchSize: 4, maxInsert: 3 };
    expect(new RateLimiter({ ...base, minSize: 10 }).errorBuffer).toBe(10);
    expect(new RateLimiter({ ...base, minSize: 1_000 }).errorBuffer).toBe(200);
  });

  // Both wait at once only if no insert and no sample of the largest sizes is allowed. Whatever the order in which a random
  // scheduler lets them go, one always can, and after warm-up the difference stays within the buffer.
  it('never blocks both sides, and keeps the difference within its buffer', () => {
    const settings = fc.record({
      samplesPerInsert: fc.constantFrom(0.1, 0.5, 1, 2, 3.7, 8), minSize: fc.integer({ min: 1, max: 50 }),
      batchSize: fc.integer({ min: 1, max: 16 }), maxInsert: fc.integer({ min: 1, max: 16 }), slack: fc.constantFrom(0, 0.5, 20),
    });
    fc.assert(fc.property(settings, fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 16 })), { minLength: 60, maxLength: 200 }), ({ slack, ...options }, turns) => {
      const errorBuffer = (options.batchSize + options.maxInsert * options.samplesPerInsert) / 2 + slack;
      const limiter = new RateLimiter({ ...options, errorBuffer });
      for (const [learnerFirst, size] of turns) {
        const insert = Math.min(size, options.maxInsert);
        if (!limiter.canSample() && !limiter.canInsert(insert)) return false;
        if (limiter.canSample() && (learnerFirst || !limiter.canInsert(insert))) limiter.sampled(options.batchSize);
        else limiter.inserted(insert);
        const off = limiter.difference - limiter.centre;
        if (off > Math.max(errorBuffer, options.maxInsert * options.samplesPerInsert) + 1e-9) return false;
        if (limiter.inserts >= options.minSize && off < -errorBuffer - 1e-9) return false;
      }
      return true;
    }));
  });

  it('refuses settings that could deadlock, with the formula', () => {
    const base = { samplesPerInsert: 2, minSize: 10, batchSize: 4, maxInsert: 3 };
    expect(() => new RateLimiter({ ...base, errorBuffer: 4.9 })).toThrow(/2 x errorBuffer >= batch size \+ largest insert x samplesPerInsert = 10.*got errorBuffer 4.9/);
    expect(new RateLimiter({ ...base, errorBuffer: 5 }).errorBuffer).toBe(5);
    for (const errorBuffer of [NaN, Infinity, -1]) expect(() => new RateLimiter({ ...base, errorBuffer })).toThrow(ConfigError);
  });

  it.each([{ samplesPerInsert: 0 }, { samplesPerInsert: Infinity }, { minSize: 0 }, { batchSize: 0 }, { maxInsert: 1.5 }])('refuses %o', (wrong) => {
    expect(() => new RateLimiter({ samplesPerInsert: 2, minSize: 10, batchSize: 4, maxInsert: 3, ...wrong })).toThrow(ConfigError);
  });

  it('refuses to count what it had not allowed', () => {
    const limiter = make();
    expect(() => { limiter.sampled(4); }).toThrow(InvariantError);
    for (let i = 0; i < 4; i++) limiter.inserted(3);
    expect(() => { limiter.inserted(3); }).toThrow(InvariantError);
  });

  it('takes counts from a checkpoint and limits from its options', () => {
    const limiter = make();
    for (let i = 0; i < 4; i++) limiter.inserted(3);
    limiter.sampled(4);
    const restored = new RateLimiter({ samplesPerInsert: 3, minSize: 10, batchSize: 4, maxInsert: 3 });
    restored.restore(limiter.state);
    expect([restored.state, restored.difference]).toEqual([{ inserts: 12, samples: 4 }, 32]);
    expect(() => { restored.restore({ inserts: -1, samples: 0 }); }).toThrow(InvariantError);
    expect(() => { restored.restore({ inserts: 1, samples: 0.5 }); }).toThrow(InvariantError);
  });
});
