/**
 * @file A run's own record: metrics.jsonl (one object a line) and TensorBoard events, both with the tags of the catalogue
 * and with inserted transitions (environment steps) as the step of every figure.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Where scalars are drawn: tfjs's own summary writer, or none. */
export interface ScalarWriter {
  scalar(tag: string, value: number, step: number): void;
  flush(): void;
}

export class RunLog {
  readonly #path: string;
  readonly #scalars: ScalarWriter | null;

  constructor(path: string, scalars: ScalarWriter | null) {
    mkdirSync(dirname(path), { recursive: true });
    this.#path = path;
    this.#scalars = scalars;
  }

  /** @param time milliseconds since the epoch @param step inserted transitions @param values by TensorBoard tag; not-a-numbers are left out */
  write(time: number, step: number, values: Readonly<Record<string, number>>): void {
    const finite = Object.entries(values).filter(([, value]) => Number.isFinite(value));
    appendFileSync(this.#path, `${JSON.stringify({ time: new Date(time).toISOString(), step, ...Object.fromEntries(finite) })}\n`);
    for (const [tag, value] of finite) this.#scalars?.scalar(tag, value, step);
    this.#scalars?.flush();
  }
}
