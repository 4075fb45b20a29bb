/**
 * @file An objective behind HTTP: POST of the architecture's JSON; the body of a 2xx answer is the accuracy. Each evaluation has an
 * `idempotency-key` of its own, the same on every attempt and after a crash, so that a service can answer without evaluating twice.
 */
import type { Evaluation, Objective } from '../search/searchObjective.js';
import { parseAnswer } from './answer.js';
import { PermanentFailure, withRetries, type ObjectiveLimits } from './retry.js';

/** Longest part of an answer that is read into a message. */
const SHOWN = 200;

export class HttpObjective implements Objective {
  readonly #url: string;
  readonly #searchId: string;
  readonly #limits: ObjectiveLimits;

  /** @param searchId distinguishes this search's evaluations from others' at the same service */
  constructor(url: string, searchId: string, limits: ObjectiveLimits) {
    this.#url = url;
    this.#searchId = searchId;
    this.#limits = limits;
  }

  evaluate(evaluation: Evaluation, signal: AbortSignal): Promise<number> {
    return withRetries(this.#limits, `query ${evaluation.query}`, signal, () => this.#post(evaluation, signal));
  }

  async #post({ query, architecture }: Evaluation, signal: AbortSignal): Promise<number> {
    const { timeoutMs } = this.#limits;
    const timeout = AbortSignal.timeout(timeoutMs);
    let status: number;
    let text: string;
    try {
      const response = await fetch(this.#url, {
        method: 'POST', body: JSON.stringify(architecture), signal: AbortSignal.any([signal, timeout]),
        headers: { 'content-type': 'application/json', 'idempotency-key': `${this.#searchId}-${query}` },
      });
      status = response.status;
      text = await response.text();
    } catch (cause) {
      if (timeout.aborted) throw new Error(`no answer from ${this.#url} within ${timeoutMs} ms`, { cause });
      throw new Error(`${this.#url} could not be reached (${reasonOf(cause)})`, { cause });
    }
    if (status >= 200 && status < 300) return parseAnswer(text);
    const message = `${this.#url} answered ${status}: ${text.trim().slice(0, SHOWN)}`;
    throw status >= 500 || status === 408 || status === 429 ? new Error(message) : new PermanentFailure(message);
  }
}

/** fetch says only "fetch failed"; the cause says why. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? ('code' in cause ? String(cause.code) : cause.message) : String(cause);
}
