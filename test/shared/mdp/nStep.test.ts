import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../shared/errors.js';
import { NStepAccumulator, NStepWindows, type EpisodeEnd, type Step } from '../../../shared/mdp/nStep.js';
import { TransitionBuffer } from '../../../shared/mdp/transitionBuffer.js';

const step = (t: number, reward: number, end?: EpisodeEnd): Step<string> => ({ state: `s${t}`, action: t, reward, nextState: `s${t + 1}`, end });

// gamma = 1/2, n = 3, rewards 1 2 4 8.  Full window: 1 + 2/2 + 4/4 = 3, discount gamma^3 = 1/8.  Tails: 2+4/2+8/4 = 6, 4+8/2 = 8, 8.
describe.each([['terminated', 0], ['truncated', 1]] as const)('NStepAccumulator, episode %s', (end, bootstrap) => {
  const steps = [step(0, 1), step(1, 2), step(2, 4), step(3, 8, end)];
  const out = (acc = new NStepAccumulator<string>({ nSteps: 3, gamma: 0.5 })) => steps.flatMap((s) => acc.push(s));

  it('emits one full window, then every shorter tail', () =>
    expect(out().map((t) => `${t.state}→${t.nextState}`)).toEqual(['s0→s3', 's1→s4', 's2→s4', 's3→s4']));

  it('sums rewards discounted from each start', () => expect(out().map((t) => t.nStepReturn)).toEqual([3, 6, 8, 8]));

  it('keeps gamma^k through a time limit and zeroes it at a real end', () =>
    expect(out().map((t) => t.discount)).toEqual([0.125, 0.125 * bootstrap, 0.25 * bootstrap, 0.5 * bootstrap]));

  it('keeps each action with its state, and starts the next episode empty', () => {
    const acc = new NStepAccumulator<string>({ nSteps: 3, gamma: 0.5 });
    expect(out(acc).map((t) => t.action)).toEqual([0, 1, 2, 3]);
    expect(acc.push(step(0, 1))).toEqual([]);
    expect(out(acc)[0]?.state).toBe('s0');
  });
});

describe('NStepAccumulator', () => {
  it('emits all tails of an episode shorter than n', () => {
    const acc = new NStepAccumulator<string>({ nSteps: 5, gamma: 0.5 });
    expect([...acc.push(step(0, 4)), ...acc.push(step(1, 8, 'truncated'))].map((t) => [t.nStepReturn, t.discount])).toEqual([[8, 0.25], [8, 0.5]]);
  });

  // The slow twin sums the definition directly from the whole list of rewards.
  it('is the definition, at any n, gamma, length and end', () => {
    const rewards = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 1, maxLength: 30 });
    fc.assert(fc.property(rewards, fc.integer({ min: 1, max: 7 }), fc.constantFrom(0, 0.5, 1), fc.boolean(), (r, nSteps, gamma, terminated) => {
      const acc = new NStepAccumulator<string>({ nSteps, gamma });
      const out = r.flatMap((reward, t) => acc.push(step(t, reward, t === r.length - 1 ? (terminated ? 'terminated' : 'truncated') : undefined)));
      expect(out).toHaveLength(r.length);
      out.forEach((transition, t) => {
        const k = Math.min(nSteps, r.length - t);
        const final = t + k === r.length;
        expect(transition.nStepReturn).toBe(r.slice(t, t + k).reduce((sum, reward, i) => sum + gamma ** i * reward, 0));
        expect(transition.discount).toBe(final && terminated ? 0 : gamma ** k);
        expect(transition.nextState).toBe(`s${t + k}`);
      });
    }));
  });

  it.each([[0, 0.5], [1.5, 0.5], [3, -0.1], [3, 1.1], [3, NaN]])('refuses n %d with gamma %d', (nSteps, gamma) => {
    expect(() => new NStepAccumulator({ nSteps, gamma })).toThrow(ConfigError);
    expect(() => new NStepWindows({ nSteps, gamma }, 2, 1)).toThrow(ConfigError);
  });
});

describe('NStepWindows', () => {
  // gamma = 1/2, n = 2, rewards 1 and 4, Q(s0, a0) = 0.5, max Q(s2) = 8: return 1 + 4/2 = 3, discount 1/4, |3 + 8/4 - 0.5| = 4.5.
  // At the end of the episode s1's tail: return 4, discount 1/2, Q(s1, a1) = 3, |4 + 8/2 - 3| = 5, or |4 - 3| = 1 at a true end.
  it('tells the priority by the Q-values of the states it joins', () => {
    const windows = new NStepWindows({ nSteps: 2, gamma: 0.5 }, 3, 2);
    const out = new TransitionBuffer(4, 2);
    const codes = Uint32Array.of(10, 11, 20, 21, 30, 31);
    windows.push(1, codes, 0, 100, 7, 1, 0.5);
    windows.closeFull(1, codes, 2, 200, 9, out);
    expect(out.size).toBe(0);
    windows.push(1, codes, 2, 200, 8, 4, 3);
    windows.closeFull(1, codes, 4, 300, 8, out);
    windows.closeAll(1, codes, 4, 300, 8, 'truncated', out);
    expect(windows.pending(1)).toBe(0);
    expect(out.view()).toEqual({
      size: 2, codeWords: 2,
      stateCodes: Uint32Array.of(10, 11, 20, 21), stateSeeds: Uint32Array.of(100, 200), actions: Uint8Array.of(7, 8),
      nStepReturns: Float32Array.of(3, 4), discounts: Float32Array.of(0.25, 0.5),
      nextCodes: Uint32Array.of(30, 31, 30, 31), nextSeeds: Uint32Array.of(300, 300), priorities: Float32Array.of(4.5, 5),
    });
    out.clear();
    windows.push(1, codes, 2, 200, 8, 4, 3);
    windows.closeAll(1, codes, 4, 300, -Infinity, 'terminated', out);
    expect([out.nStepReturns[0], out.discounts[0], out.priorities[0]]).toEqual([4, 0, 1]);
  });

  it('goes on the same after its state was restored', () => {
    const make = () => new NStepWindows({ nSteps: 3, gamma: 0.5 }, 2, 1);
    const [first, second] = [make(), make()];
    const code = Uint32Array.of(1, 2, 3, 4, 5);
    for (let t = 0; t < 3; t++) first.push(1, code, t, t, t, t, t);
    first.closeFull(1, code, 3, 3, 0, new TransitionBuffer(3, 1));
    second.restore(first.state);
    const outs = [first, second].map((windows) => {
      const out = new TransitionBuffer(3, 1);
      windows.push(1, code, 3, 3, 3, 3, 3);
      windows.closeAll(1, code, 4, 9, 1, 'truncated', out);
      return out.view();
    });
    expect(outs[0]?.size).toBe(3);
    expect(outs[0]).toEqual(outs[1]);
  });
});
