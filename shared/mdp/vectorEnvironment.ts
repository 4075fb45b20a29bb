/**
 * @file The decision process, E environments at once, so that an actor makes one batched inference for all of them. A state is an
 * architecture and its presented neighbours; an action goes to one of them; the reward is the shaped gain in validation accuracy.
 *
 * Ours where the paper is silent. Episodes start at a random architecture and end by the time limit only; the limit's state is
 * shown to the network once, for its value, then the environment starts anew without having acted. An architecture that has no
 * neighbours (possible where a table holds a part of its space) is a true end, discount 0: no reward can follow. No episode starts
 * at one. Environment e begins e x horizon / E steps into its first episode, so that they do not all end in the same step.
 *
 * Dimensions: E environments, W words a code, N neighbours presented at most, n steps of the n-step return.
 */
import type { Benchmark } from '../benchmarks/types.js';
import { ConfigError, InvariantError, ShapeError } from '../errors.js';
import type { Rng } from '../rng.js';
import { greedyAction } from './greedyAction.js';
import { EpisodeStatistics } from './episodeStatistics.js';
import { NStepWindows, type NStepOptions } from './nStep.js';
import { QueryCounter } from './queryCounter.js';
import { shapedReward, type RewardShaping } from './reward.js';
import { TokenEncoder } from './tokens.js';
import type { TransitionBuffer } from './transitionBuffer.js';
import type { TokenBatch, WalkState } from './types.js';

export interface VectorEnvironmentOptions extends NStepOptions {
  readonly benchmark: Benchmark;
  /** N. */
  readonly neighbours: number;
  /** Steps until the time limit, at least 1. */
  readonly horizonSteps: number;
  readonly shaping: RewardShaping;
  /** f64 [E]: probability of a random action, an environment each; its length is E. */
  readonly epsilons: Float64Array;
  /** Owned by the environment from here on. */
  readonly rng: Rng;
  readonly queryCounter?: QueryCounter;
}

/** What happened since the environment was made. */
export interface EnvironmentCounts {
  /** Actions taken. */
  steps: number;
  /** Episodes ended by the time limit. */
  truncations: number;
  /** Episodes ended at an architecture without neighbours. */
  deadEnds: number;
}

const START_DRAWS = 10_000;
/** In `#actions`: the environment did not act, it starts anew. */
const RESTARTS = -1;

export class VectorEnvironment {
  /** E. */
  readonly size: number;
  /** The current observations [E]: what `step` wants Q-values for. Overwritten by `step`. */
  readonly tokens: TokenBatch;
  readonly queryCounter: QueryCounter;
  readonly counts: EnvironmentCounts = { steps: 0, truncations: 0, deadEnds: 0 };
  /** Best validation accuracy of any architecture visited. */
  bestValidationAccuracy = 0;
  readonly episodes: EpisodeStatistics;
  readonly #options: VectorEnvironmentOptions;
  readonly #words: number;
  readonly #encoder: TokenEncoder;
  readonly #windows: NStepWindows;
  readonly #codes: Uint32Array;
  readonly #seeds: Uint32Array;
  readonly #accuracies: Float64Array;
  /** Steps taken in the current episode. */
  readonly #ages: Uint32Array;
  readonly #nextCodes: Uint32Array;
  readonly #nextAccuracies: Float64Array;
  readonly #actions: Int32Array;
  readonly #qTaken: Float32Array;
  readonly #scratch: Uint32Array;

  /** @throws ConfigError if an option is out of range or no architecture with a neighbour is found */
  constructor(options: VectorEnvironmentOptions) {
    const { benchmark, neighbours, horizonSteps, nSteps, epsilons } = options;
    const size = epsilons.length;
    if (size < 1) throw new ConfigError('actor.environments must be at least 1, got 0');
    if (!epsilons.every((epsilon) => epsilon >= 0 && epsilon <= 1)) throw new ConfigError(`an environment's epsilon must be in 0..1, got ${epsilons.join(', ')}`);
    if (!Number.isInteger(horizonSteps) || horizonSteps < nSteps) throw new ConfigError(`mdp.horizonSteps must be an integer of at least mdp.nSteps ${nSteps}, got ${horizonSteps}`);
    const { codeWords, maxNeighbours } = benchmark.space;
    this.#options = options;
    this.size = size;
    this.queryCounter = options.queryCounter ?? new QueryCounter();
    this.#words = codeWords;
    this.episodes = new EpisodeStatistics(size);
    this.#encoder = new TokenEncoder(benchmark, neighbours);
    this.tokens = this.#encoder.allocate(size);
    this.#windows = new NStepWindows(options, size, codeWords);
    this.#codes = new Uint32Array(size * codeWords);
    this.#seeds = new Uint32Array(size);
    this.#accuracies = new Float64Array(size);
    this.#ages = Uint32Array.from({ length: size }, (_, e) => Math.floor((e * horizonSteps) / size));
    this.#nextCodes = new Uint32Array(size * codeWords);
    this.#nextAccuracies = new Float64Array(size);
    this.#actions = new Int32Array(size).fill(RESTARTS);
    this.#qTaken = new Float32Array(size);
    this.#scratch = new Uint32Array(maxNeighbours * codeWords);
    for (let e = 0; e < size; e++) this.#drawStart(e);
    this.#lookUp();
    this.#arrive();
  }

  /**
   * One round: closes the n-step windows that end in the states shown, then acts in each environment (or starts it anew, at its
   * end), and shows the next states in `tokens`.
   *
   * @param q   f32 [E, N], Q-values of `tokens` by the network that acts
   * @param out receives at most E x n transitions, with |TD error| by these Q-values as priority
   * @throws ShapeError if q is too short or `out` has too little room
   * @throws InvariantError if a state has no finite Q-value
   */
  step(q: Float32Array, out: TransitionBuffer): void {
    const { neighbours, nSteps } = this.#options;
    const most = this.size * nSteps;
    if (q.length < this.size * neighbours) throw new ShapeError(`Q-values of ${this.size} states must be ${this.size * neighbours}, got ${q.length}`);
    if (out.room < most) throw new ShapeError(`a transition buffer must have room for ${most} more rows, got ${out.room}`);
    for (let e = 0; e < this.size; e++) this.#closeAndAct(e, q, out);
    this.#lookUp();
    for (let e = 0; e < this.size; e++) this.#reward(e);
    this.#arrive();
  }

  /** What decides how it goes on, bit for bit; what it has counted stays out. All arrays are fresh. */
  get walk(): WalkState {
    return {
      rng: this.#options.rng.state,
      codes: this.#codes.slice(),
      seeds: this.#seeds.slice(),
      accuracies: this.#accuracies.slice(),
      ages: this.#ages.slice(),
      windows: this.#windows.state,
    };
  }

  /** Goes on from `state`; what was counted stays. @throws InvariantError if the state is of another number of environments */
  restoreWalk(state: WalkState): void {
    if (state.seeds.length !== this.size) throw new InvariantError(`a restored state must have ${this.size} environments, got ${state.seeds.length}`);
    this.#options.rng.restore(state.rng);
    this.#codes.set(state.codes);
    this.#seeds.set(state.seeds);
    this.#accuracies.set(state.accuracies);
    this.#ages.set(state.ages);
    this.#windows.restore(state.windows);
    this.#encoder.encode(this.#codes, this.#seeds, this.size, this.tokens);
  }

  /** The state shown in environment e has its Q-values: windows that end in it close; then an action, or a new start. */
  #closeAndAct(e: number, q: Float32Array, out: TransitionBuffer): void {
    const { neighbours, horizonSteps } = this.#options;
    const count = this.tokens.counts[e] as number;
    const offset = e * this.#words;
    const seed = this.#seeds[e] as number;
    if (count === 0) {
      this.#windows.closeAll(e, this.#codes, offset, seed, 0, 'terminated', out);
      this.counts.deadEnds++;
      this.episodes.ended(e, this.#accuracies[e] as number);
      this.#drawStart(e);
      return;
    }
    const best = greedyAction(q, e * neighbours, count);
    const value = q[e * neighbours + best] as number;
    if ((this.#ages[e] as number) >= horizonSteps) {
      this.#windows.closeAll(e, this.#codes, offset, seed, value, 'truncated', out);
      this.counts.truncations++;
      this.episodes.ended(e, this.#accuracies[e] as number);
      this.#drawStart(e);
      return;
    }
    this.#windows.closeFull(e, this.#codes, offset, seed, value, out);
    this.#act(e, this.#explores(e) ? this.#options.rng.int(count) : best, q);
  }

  #explores(e: number): boolean {
    return this.#options.rng.float() < (this.#options.epsilons[e] as number);
  }

  #act(e: number, action: number, q: Float32Array): void {
    const slot = e * this.#options.neighbours + action;
    const presented = this.#encoder.presentedCodes;
    for (let w = 0; w < this.#words; w++) this.#nextCodes[e * this.#words + w] = presented[slot * this.#words + w] as number;
    this.#actions[e] = action;
    this.#qTaken[e] = q[slot] as number;
    this.counts.steps++;
  }

  /** A random architecture with at least one neighbour becomes the environment's next. */
  #drawStart(e: number): void {
    const { benchmark, rng } = this.#options;
    const offset = e * this.#words;
    for (let draw = 0; draw < START_DRAWS; draw++) {
      benchmark.randomCode(rng, this.#nextCodes, offset);
      if (benchmark.neighbours(this.#nextCodes, offset, this.#scratch) > 0) {
        this.#actions[e] = RESTARTS;
        return;
      }
    }
    throw new ConfigError(`a benchmark must hold architectures that are neighbours, got none among ${START_DRAWS} random ones`);
  }

  /** The accuracies of all next architectures, in one call; each distinct one is a training query. */
  #lookUp(): void {
    const { benchmark } = this.#options;
    benchmark.validationAccuracies(this.#nextCodes, this.size, this.#nextAccuracies);
    for (let e = 0; e < this.size; e++) {
      this.queryCounter.add(benchmark.queryKey(this.#nextCodes, e * this.#words));
      this.bestValidationAccuracy = Math.max(this.bestValidationAccuracy, this.#nextAccuracies[e] as number);
    }
  }

  #reward(e: number): void {
    const action = this.#actions[e] as number;
    if (action === RESTARTS) {
      this.#ages[e] = 0;
      return;
    }
    const reward = shapedReward(this.#options.shaping, this.#accuracies[e] as number, this.#nextAccuracies[e] as number);
    this.episodes.reward(e, reward);
    this.#windows.push(e, this.#codes, e * this.#words, this.#seeds[e] as number, action, reward, this.#qTaken[e] as number);
    this.#ages[e] = (this.#ages[e] as number) + 1;
  }

  /** The next architectures become the current ones, each with a fresh neighbour seed, and are shown. */
  #arrive(): void {
    this.#codes.set(this.#nextCodes);
    this.#accuracies.set(this.#nextAccuracies);
    for (let e = 0; e < this.size; e++) this.#seeds[e] = this.#options.rng.uint32();
    this.#encoder.encode(this.#codes, this.#seeds, this.size, this.tokens);
  }
}
