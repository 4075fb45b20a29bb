import { describe, expect, it } from 'vitest';
import { learningRateAt } from '../../../shared/agent/optimizer.js';

describe('learningRateAt', () => {
  // First 8, final share 1/4 at update 4: 8, 6, 4, 2, and 2 ever after.
  it('falls linearly and stays', () => {
    const spec = { learningRate: 8, decay: { steps: 4, finalShare: 0.25 } };
    expect([1, 2, 3, 4, 5, 1000].map((t) => learningRateAt(spec, t))).toEqual([8, 6, 4, 2, 2, 2]);
  });

  it('is constant without a decay, at share 1, and where there is one update', () => {
    expect(learningRateAt({ learningRate: 8 }, 99)).toBe(8);
    expect(learningRateAt({ learningRate: 8, decay: { steps: 4, finalShare: 1 } }, 3)).toBe(8);
    expect(learningRateAt({ learningRate: 8, decay: { steps: 1, finalShare: 0 } }, 1)).toBe(8);
  });
});
