import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, InvariantError } from '../../../shared/errors.js';
import { QueryCounter } from '../../../shared/mdp/queryCounter.js';

describe('QueryCounter', () => {
  it('is a Set below its cap, for numbers and texts', () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.nat(300), fc.string({ maxLength: 4 }))), (keys) => {
      const counter = new QueryCounter();
      for (const key of keys) counter.add(key);
      expect(counter.count).toBe(new Set(keys).size);
      expect(counter.exact).toBe(true);
    }));
  });

  it('tells apart what differs in a high word or one character', () => {
    const counter = new QueryCounter();
    for (let i = 0; i < 1000; i++) {
      counter.add(i * 2 ** 32);
      counter.add(`|sep_conv_3x3~${i}|sep_conv_5x5~1|`);
      counter.add(i);
    }
    expect(counter.count).toBe(2999); // 0 and 0 x 2^32 are the same number
  });

  // 1.2 / sqrt(4096) = 1.9 % standard error: 100,000 within three of them.
  it.each(['number', 'text'])('estimates beyond its cap within its stated error (%s)', (kind) => {
    const counter = new QueryCounter(4096);
    for (let round = 0; round < 2; round++) for (let i = 0; i < 100_000; i++) counter.add(kind === 'number' ? i : `cell-${i}`);
    expect(counter.exact).toBe(false);
    expect(Math.abs(counter.count / 100_000 - 1)).toBeLessThan(0.056);
    expect(counter.state.hashes.length).toBeLessThanOrEqual(4096);
  });

  it('goes on the same after its state was restored', () => {
    const first = new QueryCounter(64);
    for (let i = 0; i < 500; i++) first.add(i);
    const second = new QueryCounter(64);
    second.add('something else');
    second.restore(first.state);
    expect(second.count).toBe(first.count);
    for (let i = 400; i < 900; i++) for (const counter of [first, second]) counter.add(i);
    expect(second.count).toBe(first.count);
    expect(second.state.level).toBe(first.state.level);
  });

  it('refuses a tiny cap and a state that is over it', () => {
    expect(() => new QueryCounter(15)).toThrow(ConfigError);
    expect(() => { new QueryCounter(16).restore({ level: 0, hashes: new Float64Array(17).fill(3) }); }).toThrow(InvariantError);
  });
});
