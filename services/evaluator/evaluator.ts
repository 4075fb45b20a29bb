/** @file The evaluator's loop: baselines once, then the newest weights every `learner.evaluationPeriodSeconds`. */
import type { InferenceEngine } from '../../shared/agent/types.js';
import { systemClock } from '../../shared/clock.js';
import type { EvaluatorStatus } from '../../shared/metrics/status.js';
import { StatusBoard } from '../../shared/redis/status.js';
import type { WeightFollower } from '../../shared/redis/weightFollower.js';
import type { JoinedRun } from '../../shared/run/joinRun.js';
import { QBatcher } from '../../shared/search/qBatcher.js';
import type { QSource } from '../../shared/search/types.js';
import { type MeansByBudget, evaluateMethod } from './quickEvaluation.js';

/** Searches per look, also the inference's batch. */
export const searchesAtOnce = 32;
const budgets = [10, 20, 50] as const;
const statusEveryMs = 2_000;

export interface EvaluatorOptions {
  readonly run: JoinedRun;
  readonly engine: InferenceEngine;
  readonly follower: WeightFollower;
  readonly id: string;
}

export class Evaluator {
  readonly #options: EvaluatorOptions;
  readonly #agent: QSource;
  readonly #board: StatusBoard;
  readonly #byBudget: Record<string, MeansByBudget> = {};
  #last: { version: number; learnerSteps: number } | null = null;

  constructor(options: EvaluatorOptions) {
    this.#options = options;
    const { run, engine } = options;
    this.#board = new StatusBoard(run.client, run.keys);
    this.#agent = new QBatcher({ benchmark: run.benchmark, q: (tokens) => engine.q(tokens), neighbours: run.config.mdp.neighbours, rewardScale: run.shaping, batchSize: searchesAtOnce });
  }

  async run(signal: AbortSignal): Promise<void> {
    const timer = setInterval(() => void this.#publish(), statusEveryMs);
    try {
      while (!signal.aborted) {
        await this.#options.follower.wait(signal);
        if (signal.aborted) return;
        const startedAt = systemClock.monotonic();
        await this.#look(signal);
        await pauseUntil(startedAt + 1000 * this.#options.run.config.learner.evaluationPeriodSeconds, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      clearInterval(timer);
      await this.#board.remove('evaluator', this.#options.id).catch(() => undefined);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { follower, engine, run } = this.#options;
    const weights = follower.take();
    if (weights === null) return;
    engine.setWeights(weights.weights);
    this.#byBudget['agent'] = await this.#evaluate('agent', signal);
    this.#last = { version: weights.version, learnerSteps: weights.learnerSteps };
    if (this.#byBudget['random-search'] === undefined) {
      this.#byBudget['random-search'] = await this.#evaluate('random-search', signal);
      this.#byBudget['local-search'] = await this.#evaluate('local-search', signal);
    }
    this.#measure();
    await this.#board.addEvaluation({ ...this.#status(), atMs: systemClock.now() });
    await this.#publish();
    run.logger.info({ version: weights.version, agent: this.#byBudget['agent'] }, 'evaluated');
  }

  #evaluate(method: 'agent' | 'random-search' | 'local-search', signal: AbortSignal): Promise<MeansByBudget> {
    const { benchmark } = this.#options.run;
    return evaluateMethod(method, method === 'agent' ? this.#agent : null, { benchmark, searches: searchesAtOnce, budgets, signal });
  }

  #measure(): void {
    const { metrics, benchmark } = this.#options.run;
    metrics.add('evaluatorEvaluations');
    metrics.set('evaluatorWeightVersion', this.#last?.version ?? -1);
    for (const [budget, accuracy] of Object.entries(this.#byBudget['agent'] ?? {})) {
      metrics.set('evaluatorAccuracy', accuracy, budget);
      if (benchmark.optimum !== null) metrics.set('evaluatorRegret', benchmark.optimum.validationAccuracy - accuracy, budget);
    }
    for (const method of ['random-search', 'local-search']) metrics.set('evaluatorBaseline', this.#byBudget[method]?.['50'] ?? NaN, method);
  }

  #status(): EvaluatorStatus {
    return { weightVersion: this.#last?.version ?? -1, learnerSteps: this.#last?.learnerSteps ?? 0, byBudget: this.#byBudget };
  }

  async #publish(): Promise<void> {
    if (this.#last === null) return;
    await this.#board.publish('evaluator', this.#options.id, this.#status()).catch((error: unknown) => this.#options.run.logger.warn(String(error)));
  }
}

/** Resolves at `deadlineMs` of the monotonic clock, or when `signal` fires. */
async function pauseUntil(deadlineMs: number, signal: AbortSignal): Promise<void> {
  const milliseconds = Math.max(0, deadlineMs - systemClock.monotonic());
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
