/**
 * @file One search on an objective whose evaluations are slow or dear: a training run, a service. Evaluations run at once where the method
 * does not look at their answers (or asks for several); each is entered in the history before its answer is used. Started again, the search takes
 * the same course: what it proposes depends on its seed and on answers only, and known answers come from the history.
 */
import type { ArchitectureJson, Benchmark } from '../benchmarks/types.js';
import { CheckpointError } from '../errors.js';
import type { MemoryHistory } from './history.js';
import { checkAgent, METHODS, searchContext } from './methods.js';
import { REFUSED, type QueryBudget } from './queryBudget.js';
import { isOver } from './runSearches.js';
import { accuracyReply, type EvaluateRequest, type MethodName, type QSource, type SearchReply } from './types.js';

/** One evaluation to be paid for. */
export interface Evaluation {
  /** From 1. */
  readonly query: number;
  readonly id: string;
  readonly architecture: ArchitectureJson;
}

export interface Objective {
  /** Validation accuracy, a fraction in 0..1. @throws if it cannot be had; the search then stops, its history kept */
  evaluate(evaluation: Evaluation, signal: AbortSignal): Promise<number>;
  /** Called once the answer is on the disk. */
  settled?(evaluation: Evaluation): void;
}

export interface ObjectiveSearchOptions {
  readonly method: MethodName;
  /** Its search space and neighbours; its accuracies are not asked. */
  readonly benchmark: Benchmark;
  readonly seed: number;
  readonly budget: number;
  readonly agent?: QSource;
  readonly objective: Objective;
  /** Known answers; every new one is entered before it is used. */
  readonly history: MemoryHistory;
  /** Evaluations at once, at least 1. */
  readonly parallel: number;
  /** Called after each finished evaluation with those finished so far. */
  readonly onProgress?: (finished: number, budget: number) => void;
  readonly signal: AbortSignal;
}

/**
 * @returns the budget's counter, every query settled
 * @throws what the objective threw; CheckpointError if the history is not this search's course; ConfigError if the method
 * walks with an agent and has none
 */
export async function searchObjective(options: ObjectiveSearchOptions): Promise<QueryBudget> {
  const { method, benchmark, agent } = options;
  checkAgent(method, agent);
  const context = searchContext(method, benchmark, options.seed, options.budget, agent);
  const evaluations = new Evaluations(options, context.budget);
  const process = METHODS[method](context);
  try {
    for (let step = process.next(); !isOver(context.budget); ) {
      options.signal.throwIfAborted();
      const request = step.value;
      if (step.done === true || request === undefined) break;
      const reply = request.kind === 'q' ? ((await agent?.answer([request])) ?? [])[0] : await evaluations.answer(request);
      if (isOver(context.budget)) break;
      step = process.next(reply as SearchReply);
    }
    await evaluations.all();
  } finally {
    await evaluations.settled();
  }
  return context.budget;
}

/** The evaluations of one search: those running, and the order in which they may start. */
class Evaluations {
  readonly #options: ObjectiveSearchOptions;
  readonly #budget: QueryBudget;
  readonly #running = new Map<number, Promise<void>>();
  #failure: { readonly error: unknown } | null = null;
  #finished = 0;

  constructor(options: ObjectiveSearchOptions, budget: QueryBudget) {
    this.#options = options;
    this.#budget = budget;
  }

  async answer({ codes, count, wait }: EvaluateRequest): Promise<SearchReply> {
    const words = this.#options.benchmark.space.codeWords;
    const queries: number[] = [];
    for (let i = 0; i < count; i++) {
      const before = this.#budget.queries;
      const query = this.#budget.admit(codes, i * words);
      queries.push(query);
      if (this.#budget.queries > before) await this.#start(query, codes, i * words);
    }
    if (wait) for (const query of queries) await this.#running.get(query);
    this.#throwFailure();
    return accuracyReply(Float64Array.from(queries, (query) => (query === REFUSED ? NaN : this.#budget.accuracy(query))));
  }

  /** Waits for everything that runs. */
  async all(): Promise<void> {
    await Promise.all(this.#running.values());
    this.#throwFailure();
  }

  /** Waits for what still runs, whatever comes of it: it is paid for, and enters the history. An abort ends it. */
  async settled(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #start(query: number, codes: Uint32Array, offset: number): Promise<void> {
    const { benchmark, history, parallel } = this.#options;
    const evaluation: Evaluation = { query: query + 1, id: benchmark.space.id(codes, offset), architecture: benchmark.space.toJson(codes, offset) };
    const known = history.entry(evaluation.query);
    if (known !== undefined) {
      if (known.id !== evaluation.id) {
        throw new CheckpointError(`the history must be this search's, and its query ${evaluation.query} is ${known.id} where the search asks for ${evaluation.id}: choose another --out`);
      }
      this.#options.objective.settled?.(evaluation);
      this.#settle(query, known.validationAccuracy);
      return;
    }
    while (this.#running.size >= parallel) await Promise.race(this.#running.values());
    this.#throwFailure();
    this.#running.set(query, this.#run(query, evaluation));
  }

  /** Never rejects: a failure is kept, and thrown before anything else is started. */
  async #run(query: number, evaluation: Evaluation): Promise<void> {
    const { objective, history, signal } = this.#options;
    try {
      const validationAccuracy = await objective.evaluate(evaluation, signal);
      history.append({ ...evaluation, validationAccuracy });
      objective.settled?.(evaluation);
      this.#settle(query, validationAccuracy);
    } catch (error) {
      this.#failure ??= { error };
    } finally {
      this.#running.delete(query);
    }
  }

  #settle(query: number, accuracy: number): void {
    this.#budget.settle(query, accuracy);
    this.#options.onProgress?.(++this.#finished, this.#budget.limit);
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}
