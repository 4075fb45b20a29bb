/**
 * @file The shape of every process: `runMain` hands the body an AbortSignal that fires on SIGTERM or SIGINT, closes what was
 * registered in reverse order, prints one line for what went wrong and leaves with the exit code that says so.
 */
import { ArchwalkError, EXIT } from './errors.js';

/** Things to close, in reverse order of their opening; each is closed even if another fails. */
export class Closing {
  readonly #steps: { name: string; close: () => unknown }[] = [];

  add(name: string, close: () => unknown): void {
    this.#steps.push({ name, close });
  }

  /** @throws AggregateError of what failed, after everything was tried */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.close();
      } catch (error) {
        failures.push(new Error(`closing ${step.name} failed`, { cause: error }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('; '));
  }
}

export interface MainContext {
  /** Fires on SIGTERM or SIGINT (its reason is the signal's name), or when the process that started this one is gone. A second signal ends the process at once. */
  readonly signal: AbortSignal;
  readonly closing: Closing;
}

/** Runs a process's body to its end and exits: the body's number, 2 for bad input, 130 where the stop cut off a wait, 1 for all else. */
export async function runMain(body: (context: MainContext) => Promise<number>): Promise<never> {
  const controller = new AbortController();
  const closing = new Closing();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(EXIT.interrupted);
      controller.abort(name);
    });
  }
  if (process.connected) {
    process.once('disconnect', () => controller.abort('SIGTERM'));
    process.channel?.unref();
  }
  let code: number;
  try {
    code = await body({ signal: controller.signal, closing });
  } catch (error) {
    const cutOff = controller.signal.aborted && error instanceof ArchwalkError && error.retryable;
    code = cutOff ? EXIT.interrupted : report(error);
  }
  try {
    await closing.run();
  } catch (error) {
    code = code === EXIT.done ? report(error) : code;
  }
  process.exit(code);
}

/** One line on stderr for a mistake of the user's; for all else the line, its causes and where it came from. @returns the exit code */
export function report(error: unknown): number {
  if (error instanceof ArchwalkError && error.badInput) {
    process.stderr.write(`archwalk: ${error.message}\n`);
    return EXIT.badInput;
  }
  process.stderr.write(`archwalk: ${describe(error)}\n`);
  if (error instanceof Error && error.stack !== undefined) process.stderr.write(`${error.stack.split('\n').slice(1, 6).join('\n')}\n`);
  return EXIT.failed;
}

/** An error's message with its causes' behind it. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (because: ${describe(error.cause)})`;
}
