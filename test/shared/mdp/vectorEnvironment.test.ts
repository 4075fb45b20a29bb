import { describe, expect, it } from 'vitest';
import { ConfigError, InvariantError, ShapeError } from '../../../shared/errors.js';
import { NStepAccumulator, type NStepTransition } from '../../../shared/mdp/nStep.js';
import { shapedReward, type RewardShaping } from '../../../shared/mdp/reward.js';
import { TransitionBuffer } from '../../../shared/mdp/transitionBuffer.js';
import type { TransitionColumns } from '../../../shared/mdp/types.js';
import { VectorEnvironment, type VectorEnvironmentOptions } from '../../../shared/mdp/vectorEnvironment.js';
import { Rng } from '../../../shared/rng.js';
import { completeGraph, graphBenchmark, type GraphBenchmark } from './graphBenchmark.js';

const shaping: RewardShaping = { alpha: 2, logSigma: 0, samples: 2 };

function options(benchmark: GraphBenchmark, epsilons: readonly number[], more: Partial<VectorEnvironmentOptions> = {}): VectorEnvironmentOptions {
  return { benchmark, neighbours: 4, horizonSteps: 7, nSteps: 3, gamma: 0.5, shaping, epsilons: Float64Array.from(epsilons), rng: new Rng(11), ...more };
}

/** Random Q-values for one round; masked slots hold a huge one, which must never count. */
function randomQ(rng: Rng, environment: VectorEnvironment, neighbours: number): Float32Array {
  return Float32Array.from({ length: environment.size * neighbours }, (_, i) =>
    i % neighbours < (environment.tokens.counts[Math.floor(i / neighbours)] as number) ? rng.float() * 4 - 2 : 1e30);
}

/** What one environment shows: the architecture, its presented neighbours. Token t of row e has its architecture as first of 2 ids. */
function shown(environment: VectorEnvironment, e: number, neighbours: number): { state: number; presented: number[] } {
  const token = (t: number): number => environment.tokens.ids[2 * (e * (1 + neighbours) + t)] as number;
  return { state: token(0), presented: Array.from({ length: environment.tokens.counts[e] as number }, (_, i) => token(i + 1)) };
}

interface Taken {
  readonly index: number;
  readonly q: number;
}

/**
 * The slow twin: knows only what is shown and the Q-values handed in, infers each action from where the environment went, and folds
 * steps with the plain NStepAccumulator. `arrive` is told each round before the environment steps.
 */
class Twin {
  readonly #accumulator = new NStepAccumulator<number, Taken>({ nSteps: 3, gamma: 0.5 });
  #before: { state: number; presented: number[]; q: Float32Array } | null = null;
  #age: number;
  greedy = 0;
  acted = 0;

  constructor(age: number, readonly horizon: number, readonly accuracies: readonly number[]) {
    this.#age = age;
  }

  arrive(now: { state: number; presented: number[] }, q: Float32Array): (NStepTransition<number, Taken> & { priority: number })[] {
    const before = this.#before;
    const values = q.subarray(0, now.presented.length);
    const best = Math.max(...values);
    let out: NStepTransition<number, Taken>[] = [];
    if (before !== null) {
      const index = before.presented.indexOf(now.state);
      expect(index).toBeGreaterThanOrEqual(0);
      this.#age++;
      this.acted++;
      if (before.q[index] === Math.max(...before.q.subarray(0, before.presented.length))) this.greedy++;
      const reward = shapedReward(shaping, this.accuracies[before.state] as number, this.accuracies[now.state] as number);
      const end = now.presented.length === 0 ? 'terminated' : this.#age === this.horizon ? 'truncated' : undefined;
      out = this.#accumulator.push({ state: before.state, action: { index, q: before.q[index] as number }, reward, nextState: now.state, end });
      if (end !== undefined) this.#age = 0;
      this.#before = end === undefined ? { ...now, q } : null;
    } else {
      this.#before = { ...now, q };
    }
    return out.map((t) => ({ ...t, priority: Math.abs(t.nStepReturn + (t.discount === 0 ? 0 : t.discount * best) - t.action.q) }));
  }
}

// A ring of 12 with chords; 11 has no way out, and may be stepped into from 10 and 0.
const tangled = (codeWords: 1 | 2): GraphBenchmark => graphBenchmark({
  neighbours: Array.from({ length: 12 }, (_, s) => (s === 11 ? [] : [(s + 1) % 12, (s + 11) % 12, (s + 5) % 11, (s + 3) % 11, (s + 7) % 11].filter((t) => t !== s))),
  accuracies: Array.from({ length: 12 }, (_, s) => ((s * 5) % 12) / 12),
  codeWords,
});

describe.each([1, 2] as const)('VectorEnvironment, %i words a code', (codeWords) => {
  it('emits what plain accumulators emit from what was shown, round by round', () => {
    const benchmark = tangled(codeWords);
    const accuracies = Array.from({ length: 12 }, (_, s) => ((s * 5) % 12) / 12);
    const environment = new VectorEnvironment(options(benchmark, [0, 0.3, 0.7, 1, 0.5]));
    // Staggered: floor(e x 7 / 5) = 0, 1, 2, 4, 5 steps into the first episode.
    const twins = [0, 1, 2, 4, 5].map((age) => new Twin(age, 7, accuracies));
    const rng = new Rng(5);
    const out = new TransitionBuffer(15, codeWords);
    let emitted = 0;
    for (let round = 0; round < 400; round++) {
      const q = randomQ(rng, environment, 4);
      const expected = twins.flatMap((twin, e) => twin.arrive(shown(environment, e, 4), q.slice(e * 4, e * 4 + 4)));
      out.clear();
      environment.step(q, out);
      expect(rowsOf(out)).toEqual(expected.map((t) => ({
        state: [...benchmark.code(t.state)], nextState: [...benchmark.code(t.nextState)], action: t.action.index,
        nStepReturn: Math.fround(t.nStepReturn), discount: t.discount, priority: Math.fround(t.priority),
      })));
      emitted += out.size;
    }
    expect(emitted).toBeGreaterThan(1_000);
    const { steps, truncations, deadEnds } = environment.counts;
    // The twins have not seen the last round's actions arrive, one an environment at most.
    const acted = twins.reduce((sum, twin) => sum + twin.acted, 0);
    expect(steps - acted).toBeGreaterThanOrEqual(0);
    expect(steps - acted).toBeLessThanOrEqual(5);
    expect(truncations).toBeGreaterThan(50);
    expect(deadEnds).toBeGreaterThan(50);
    // An environment that does not explore is greedy always; one that only explores (epsilon 1, of 4 or 5) about as often as chance.
    expect(twins[0]?.greedy).toBe(twins[0]?.acted);
    expect((twins[3]?.greedy ?? 0) / (twins[3]?.acted ?? 1)).toBeCloseTo(0.25, 1);
  });
});

/** The filled rows. */
function rowsOf(out: TransitionColumns): unknown[] {
  const { size, codeWords, stateCodes, nextCodes, actions, nStepReturns, discounts, priorities } = out;
  return Array.from({ length: size }, (_, row) => ({
    state: [...stateCodes.slice(row * codeWords, (row + 1) * codeWords)],
    nextState: [...nextCodes.slice(row * codeWords, (row + 1) * codeWords)],
    action: actions[row], nStepReturn: nStepReturns[row], discount: discounts[row], priority: priorities[row],
  }));
}

describe('VectorEnvironment', () => {
  it('looks each new architecture up once, in one call a round, and counts the distinct ones', () => {
    const benchmark = completeGraph(6);
    const environment = new VectorEnvironment(options(benchmark, [1, 1, 1]));
    expect(benchmark.asked).toEqual({ calls: 1, accuracies: 3 });
    const out = new TransitionBuffer(1_000, 1);
    for (let round = 0; round < 100; round++) environment.step(new Float32Array(12), out);
    expect(benchmark.asked).toEqual({ calls: 101, accuracies: 303 });
    expect(environment.queryCounter.count).toBe(6);
    expect(environment.bestValidationAccuracy).toBe(6 / 7);
  });

  it('gives seeds from which the learner rebuilds the same observation', () => {
    const environment = new VectorEnvironment(options(completeGraph(9), [0.5, 0.5]));
    const again = new VectorEnvironment(options(completeGraph(9), [0.5, 0.5], { rng: new Rng(1) }));
    const out = new TransitionBuffer(200, 1);
    const rng = new Rng(2);
    const seen = new Map<string, string>();
    for (let round = 0; round < 30; round++) {
      const { codes, seeds } = environment.walk;
      for (let e = 0; e < 2; e++) seen.set(`${codes[e]}:${seeds[e]}`, shown(environment, e, 4).presented.join());
      environment.step(randomQ(rng, environment, 4), out);
    }
    for (let row = 0; row < out.size; row++) {
      again.restoreWalk({ ...again.walk, codes: Uint32Array.of(out.stateCodes[row] as number, out.nextCodes[row] as number), seeds: Uint32Array.of(out.stateSeeds[row] as number, out.nextSeeds[row] as number) });
      expect(shown(again, 0, 4).presented.join()).toBe(seen.get(`${out.stateCodes[row]}:${out.stateSeeds[row]}`));
      expect(shown(again, 1, 4).presented.join()).toBe(seen.get(`${out.nextCodes[row]}:${out.nextSeeds[row]}`));
    }
    expect(out.size).toBeGreaterThan(30);
  });

  it('spreads the ends of episodes over the horizon', () => {
    const environment = new VectorEnvironment(options(completeGraph(6), new Array<number>(70).fill(1)));
    const out = new TransitionBuffer(70 * 3, 1);
    const ends: number[] = [];
    for (let round = 0; round < 8; round++) {
      const before = environment.counts.truncations;
      out.clear();
      environment.step(new Float32Array(280), out);
      ends.push(environment.counts.truncations - before);
    }
    // Ages 0..6, ten of each: nobody has taken 7 steps at first, then ten end in each round.
    expect(ends).toEqual([0, 10, 10, 10, 10, 10, 10, 10]);
  });

  it('goes on bit for bit after its state was restored, in the middle of windows', () => {
    const run = (environment: VectorEnvironment, rounds: number, rng: Rng): TransitionColumns => {
      const out = new TransitionBuffer(rounds * 9, 2);
      for (let round = 0; round < rounds; round++) environment.step(randomQ(rng, environment, 4), out);
      return out.view();
    };
    const first = new VectorEnvironment(options(tangled(2), [0.1, 0.5, 0.9]));
    run(first, 23, new Rng(1));
    const second = new VectorEnvironment(options(tangled(2), [0.1, 0.5, 0.9], { rng: new Rng(99) }));
    second.restoreWalk(structuredClone(first.walk));
    expect(second.tokens).toEqual(first.tokens);
    expect(run(second, 50, new Rng(2))).toEqual(run(first, 50, new Rng(2)));
    expect(second.walk).toEqual(first.walk);
  });

  it('refuses options out of range', () => {
    const graph = completeGraph(6);
    expect(() => new VectorEnvironment(options(graph, []))).toThrow(ConfigError);
    expect(() => new VectorEnvironment(options(graph, [0.5, 1.5]))).toThrow(ConfigError);
    expect(() => new VectorEnvironment(options(graph, [0.5], { horizonSteps: 2 }))).toThrow(ConfigError);
    const islands = graphBenchmark({ neighbours: [[], []], accuracies: [0, 1] });
    expect(() => new VectorEnvironment(options(islands, [0.5]))).toThrow(/must hold architectures that are neighbours/);
  });

  it('refuses Q-values or a buffer of the wrong size, values that are not finite, and a foreign state', () => {
    const environment = new VectorEnvironment(options(completeGraph(6), [0, 0]));
    expect(() => { environment.step(new Float32Array(7), new TransitionBuffer(6, 1)); }).toThrow(ShapeError);
    expect(() => { environment.step(new Float32Array(8), new TransitionBuffer(5, 1)); }).toThrow(ShapeError);
    expect(() => { environment.step(new Float32Array(8).fill(NaN), new TransitionBuffer(6, 1)); }).toThrow(InvariantError);
    const other = new VectorEnvironment(options(completeGraph(6), [0, 0, 0]));
    expect(() => { environment.restoreWalk(other.walk); }).toThrow(InvariantError);
  });
});
