/**
 * @file What the decision process passes on. Dimensions: B rows, W words a code, N presented neighbours at most,
 * T = 1 + N tokens, K feature ids a token.
 */

/**
 * Transitions as columns: {state code, neighbour seed, action, n-step return, discount, next code, next seed, priority}.
 * A row is 4W + 4 + 1 + 4 + 4 + 4W + 4 + 4 bytes: 29 at W = 1, 37 at W = 2. Features are rebuilt from codes by the learner.
 */
export interface TransitionColumns {
  readonly size: number;
  readonly codeWords: 1 | 2;
  /** uint32 [size, W]: s. */
  readonly stateCodes: Uint32Array;
  /** uint32 [size]: which neighbours of s were presented, and in what order. */
  readonly stateSeeds: Uint32Array;
  /** uint8 [size]: index of the chosen neighbour, 0..N-1. */
  readonly actions: Uint8Array;
  /** f32 [size]: sum over k < n of gamma^k r. */
  readonly nStepReturns: Float32Array;
  /** f32 [size]: gamma^k actually spanned, 0 only at a true terminal. */
  readonly discounts: Float32Array;
  /** uint32 [size, W]: s'. */
  readonly nextCodes: Uint32Array;
  /** uint32 [size]. */
  readonly nextSeeds: Uint32Array;
  /** f32 [size]: |TD error| by the actor's own network, >= 0. */
  readonly priorities: Float32Array;
}

/** The observation of B states as feature ids: token 0 is the current architecture, tokens 1..N its presented neighbours. */
export interface TokenBatch {
  readonly batch: number;
  /** uint16 [B, T, K]: ids 0..F, F meaning "none"; a masked token's ids are all F. */
  readonly ids: Uint16Array;
  /** int32 [B]: number of valid neighbours, 0..N; slots at or past it are masked. */
  readonly counts: Int32Array;
}

/**
 * Q-values of B states: f32 [B, N]. Values of masked slots are unspecified finite numbers: mask by `counts`.
 * The returned array may be reused by the next call.
 */
export type QFunction = (tokens: TokenBatch) => Promise<Float32Array>;

/** The pending steps of E environments, in rings of n. Fresh arrays, [E, n] each, `codes` [E, n, W], `starts` and `fills` [E]. */
export interface NStepWindowsState {
  readonly codes: Uint32Array;
  readonly seeds: Uint32Array;
  readonly actions: Uint8Array;
  readonly rewards: Float64Array;
  readonly qTaken: Float32Array;
  readonly starts: Uint32Array;
  readonly fills: Uint32Array;
}

/** Everything that decides how E environments go on, given the Q-values they are shown: with it they go on bit for bit. Fresh arrays. */
export interface WalkState {
  /** The four words of its random numbers. */
  readonly rng: readonly [number, number, number, number];
  /** uint32 [E, W]: the current architectures; seeds uint32 [E], accuracies f64 [E], steps into the episode uint32 [E]. */
  readonly codes: Uint32Array;
  readonly seeds: Uint32Array;
  readonly accuracies: Float64Array;
  readonly ages: Uint32Array;
  readonly windows: NStepWindowsState;
}
