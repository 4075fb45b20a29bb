import { describe, expect, it } from 'vitest';
import { allowedEntries, checkCodes } from '../../../services/learner/ingest.js';
import { nasbench201Space } from '../../../shared/benchmarks/nasbench201/space.js';
import type { Benchmark } from '../../../shared/benchmarks/types.js';
import { WireFormatError } from '../../../shared/errors.js';
import { TransitionBuffer } from '../../../shared/mdp/transitionBuffer.js';
import { RateLimiter } from '../../../shared/replay/rateLimiter.js';

describe('allowedEntries', () => {
  // 2 samples an insert, warm-up 1,000, batches of 100, entries of at most 200: centre 2,000, error buffer max(200, 100 + 400) = 500.
  const limiter = () => new RateLimiter({ samplesPerInsert: 2, minSize: 1_000, batchSize: 100, maxInsert: 200 });
  const allowed = (l: RateLimiter) => allowedEntries({ limiter: l, warmUpTransitions: 1_000, maxInsert: 200 });

  it('fills the warm-up without passing it by more than an entry', () => {
    const l = limiter();
    expect(allowed(l)).toBe(5);
    l.inserted(900);
    expect(allowed(l)).toBe(1);
  });

  it('stops where the limiter does, and goes on after samples', () => {
    const l = limiter();
    l.inserted(1_000);
    // Difference 2,000; 1 entry makes 2,400 <= 2,500, 2 make 2,800.
    expect(allowed(l)).toBe(1);
    l.inserted(200);
    expect(allowed(l)).toBe(0);
    for (let i = 0; i < 8; i++) l.sampled(100);
    // 2,400 - 800 = 1,600: 2 entries make 2,400.
    expect(allowed(l)).toBe(2);
  });

  it('never takes more than 64 in one round trip', () => {
    const l = new RateLimiter({ samplesPerInsert: 0.01, minSize: 1_000_000, batchSize: 1, maxInsert: 100 });
    expect(allowedEntries({ limiter: l, warmUpTransitions: 1_000_000, maxInsert: 100 })).toBe(64);
  });
});

describe('checkCodes', () => {
  const benchmark = { space: nasbench201Space, holds: (codes: Uint32Array, at: number) => nasbench201Space.contains(codes, at) } as Benchmark;

  it('takes architectures and names the transition whose code is none', () => {
    const batch = new TransitionBuffer(3, 1);
    batch.size = 3;
    expect(() => checkCodes(benchmark, batch.view())).not.toThrow();
    batch.nextCodes[1] = 15_625;
    expect(() => checkCodes(benchmark, batch.view())).toThrow(WireFormatError);
    expect(() => checkCodes(benchmark, batch.view())).toThrow('architectures of nasbench201, transition 1\'s are not');
  });
});
