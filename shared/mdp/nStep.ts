/**
 * @file Folds steps into n-step transitions (Sutton and Barto 2018, section 7.1): from s_t the return is
 * sum over i < k of gamma^i r_{t+i}, the next state s_{t+k}, the discount gamma^k, with k = n in the course of an episode and
 * k < n for the tails at its end. A time limit is bootstrapped through (arXiv:1712.00378): every tail keeps gamma^k. At a true end
 * the discount is 0.
 *
 * `NStepAccumulator` is the plain form, over any kind of state; `NStepWindows` the same arithmetic over typed arrays, E environments
 * at once, with the initial priorities of Ape-X (arXiv:1803.00933).
 */
import { ConfigError } from '../errors.js';
import type { TransitionBuffer } from './transitionBuffer.js';
import type { NStepWindowsState } from './types.js';

export interface NStepOptions {
  /** n, at least 1. */
  readonly nSteps: number;
  /** gamma, in [0, 1]. */
  readonly gamma: number;
}

/** How an episode ended: the task itself, or the time limit. */
export type EpisodeEnd = 'terminated' | 'truncated';

export interface Step<State, Action = number> {
  readonly state: State;
  readonly action: Action;
  readonly reward: number;
  readonly nextState: State;
  /** Set on an episode's last step. */
  readonly end?: EpisodeEnd | undefined;
}

export interface NStepTransition<State, Action = number> {
  readonly state: State;
  readonly action: Action;
  readonly nStepReturn: number;
  readonly discount: number;
  readonly nextState: State;
}

function checkOptions({ nSteps, gamma }: NStepOptions): void {
  if (!Number.isInteger(nSteps) || nSteps < 1) throw new ConfigError(`mdp.nSteps must be an integer of at least 1, got ${nSteps}`);
  if (!(gamma >= 0 && gamma <= 1)) throw new ConfigError(`mdp.gamma must be in 0..1, got ${gamma}`);
}

export class NStepAccumulator<State, Action = number> {
  readonly #options: NStepOptions;
  #window: Step<State, Action>[] = [];

  /** @throws ConfigError if n or gamma is out of range */
  constructor(options: NStepOptions) {
    checkOptions(options);
    this.#options = options;
  }

  /** Takes the next step of an episode. @returns the transitions it completes, oldest first: one full window, at an end all tails */
  push(step: Step<State, Action>): NStepTransition<State, Action>[] {
    this.#window.push(step);
    const { nSteps } = this.#options;
    if (step.end === undefined) return this.#window.length < nSteps ? [] : [this.#takeOldest(1)];
    const bootstrap = step.end === 'terminated' ? 0 : 1;
    const transitions: NStepTransition<State, Action>[] = [];
    while (this.#window.length > 0) transitions.push(this.#takeOldest(bootstrap));
    return transitions;
  }

  /** The window from the oldest step to the newest. */
  #takeOldest(bootstrap: 0 | 1): NStepTransition<State, Action> {
    const window = this.#window;
    const { state, action } = window[0] as Step<State, Action>;
    const { nextState } = window[window.length - 1] as Step<State, Action>;
    let nStepReturn = 0;
    let power = 1;
    for (const { reward } of window) {
      nStepReturn += power * reward;
      power *= this.#options.gamma;
    }
    this.#window = window.slice(1);
    return { state, action, nStepReturn, discount: bootstrap * power, nextState };
  }
}

/**
 * A ring of at most n pending steps for each of E environments. A window closes when the state it bootstraps from is seen with its
 * Q-values, so its priority |return + discount x max Q(s') - Q(s, a)| can be told at once.
 */
export class NStepWindows {
  readonly #nSteps: number;
  readonly #codeWords: number;
  /** gamma^0 .. gamma^n. */
  readonly #powers: Float64Array;
  readonly #state: NStepWindowsState;

  /** @throws ConfigError if n or gamma is out of range */
  constructor(options: NStepOptions, environments: number, codeWords: 1 | 2) {
    checkOptions(options);
    const { nSteps, gamma } = options;
    this.#nSteps = nSteps;
    this.#codeWords = codeWords;
    this.#powers = new Float64Array(nSteps + 1).fill(1);
    for (let k = 1; k <= nSteps; k++) this.#powers[k] = (this.#powers[k - 1] as number) * gamma;
    const cells = environments * nSteps;
    this.#state = {
      codes: new Uint32Array(cells * codeWords),
      seeds: new Uint32Array(cells),
      actions: new Uint8Array(cells),
      rewards: new Float64Array(cells),
      qTaken: new Float32Array(cells),
      starts: new Uint32Array(environments),
      fills: new Uint32Array(environments),
    };
  }

  /** Pending steps of environment `e`, 0..n. */
  pending(e: number): number {
    return this.#state.fills[e] as number;
  }

  /**
   * Adds the step just taken in environment `e`; at most n may be pending.
   * @param codes uint32, the state's W words at `offset`
   * @param q     Q(s, a) by the network that acted
   */
  push(e: number, codes: Uint32Array, offset: number, seed: number, action: number, reward: number, q: number): void {
    const state = this.#state;
    const cell = this.#cell(e, state.fills[e] as number);
    for (let w = 0; w < this.#codeWords; w++) state.codes[cell * this.#codeWords + w] = codes[offset + w] as number;
    state.seeds[cell] = seed;
    state.actions[cell] = action;
    state.rewards[cell] = reward;
    state.qTaken[cell] = q;
    state.fills[e] = (state.fills[e] as number) + 1;
  }

  /** In the course of an episode: appends the oldest window to `out` if n steps are pending. `value` is max over valid a of Q(s', a). */
  closeFull(e: number, codes: Uint32Array, offset: number, seed: number, value: number, out: TransitionBuffer): void {
    if (this.pending(e) === this.#nSteps) this.#closeOldest(e, codes, offset, seed, value, 1, out);
  }

  /** At an episode's end: appends all windows to `out`, oldest first, each to the final state; `value` counts only where it was truncated. */
  closeAll(e: number, codes: Uint32Array, offset: number, seed: number, value: number, end: EpisodeEnd, out: TransitionBuffer): void {
    const bootstrap = end === 'terminated' ? 0 : 1;
    while (this.pending(e) > 0) this.#closeOldest(e, codes, offset, seed, value, bootstrap, out);
  }

  get state(): NStepWindowsState {
    return structuredClone(this.#state);
  }

  restore(state: NStepWindowsState): void {
    for (const name of ['codes', 'seeds', 'actions', 'rewards', 'qTaken', 'starts', 'fills'] as const) this.#state[name].set(state[name]);
  }

  /** Index of the i-th oldest pending step of environment e. */
  #cell(e: number, i: number): number {
    return e * this.#nSteps + (((this.#state.starts[e] as number) + i) % this.#nSteps);
  }

  #closeOldest(e: number, codes: Uint32Array, offset: number, seed: number, value: number, bootstrap: 0 | 1, out: TransitionBuffer): void {
    const state = this.#state;
    const spanned = state.fills[e] as number;
    let nStepReturn = 0;
    for (let i = 0; i < spanned; i++) nStepReturn += (this.#powers[i] as number) * (state.rewards[this.#cell(e, i)] as number);
    const discount = bootstrap === 0 ? 0 : (this.#powers[spanned] as number);
    const first = this.#cell(e, 0);
    const bootstrapped = discount === 0 ? nStepReturn : nStepReturn + discount * value;
    const row = out.size++;
    const words = this.#codeWords;
    for (let w = 0; w < words; w++) {
      out.stateCodes[row * words + w] = state.codes[first * words + w] as number;
      out.nextCodes[row * words + w] = codes[offset + w] as number;
    }
    out.stateSeeds[row] = state.seeds[first] as number;
    out.nextSeeds[row] = seed;
    out.actions[row] = state.actions[first] as number;
    out.nStepReturns[row] = nStepReturn;
    out.discounts[row] = discount;
    out.priorities[row] = Math.abs(bootstrapped - (state.qTaken[first] as number));
    state.starts[e] = ((state.starts[e] as number) + 1) % this.#nSteps;
    state.fills[e] = spanned - 1;
  }
}
