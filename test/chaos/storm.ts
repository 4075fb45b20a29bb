/** @file Faults one after another, some of them at once, with a rest after every few in which the run must move again by itself. */
import type { LearnerStatus } from '../../shared/metrics/status.js';
import type { StatusBoard } from '../../shared/redis/status.js';
import type { Rng } from '../../shared/rng.js';
import { type Fault, drawFault } from './faults.js';
import { type System, services, wait } from './system.js';

export interface StormOptions {
  readonly system: System;
  readonly board: StatusBoard;
  readonly rng: Rng;
  /** Appends an entry that is none to the run's stream. */
  readonly addRefuse: (bytes: Buffer) => Promise<void>;
  /** True once it has blown long enough. */
  readonly isOver: () => boolean;
}

/** Longest time until the run moves again by itself: starts of the processes included, on a busy machine. */
const recoverySeconds = 180;

export const say = (line: string): void => void process.stderr.write(`chaos  ${line}\n`);

/** @returns how often each kind of fault happened @throws if the run stands still after the last of a few faults */
export async function storm(options: StormOptions): Promise<ReadonlyMap<string, number>> {
  const { system, rng, isOver } = options;
  const happened = new Map<string, number>();
  while (!isOver()) {
    const lasting: Promise<void>[] = [];
    for (let left = 3 + rng.int(4); left > 0 && !isOver(); left--) {
      const fault = drawFault(rng, system, options.addRefuse);
      if (fault.needsDisk && system.disk === null) continue;
      happened.set(fault.name, (happened.get(fault.name) ?? 0) + 1);
      const running = begin(fault);
      lasting.push(running);
      if (rng.float() < 0.6) await running;
      await wait(3_000 * rng.float());
    }
    await Promise.all(lasting);
    const start = performance.now();
    await moves(options, 5);
    say(`moves again ${((performance.now() - start) / 1000).toFixed(1)} s after the last of them, at step ${await learnerSteps(options)}`);
  }
  return happened;
}

function begin(fault: Fault): Promise<void> {
  say(fault.name);
  const running = fault.run();
  running.catch((error: unknown) => say(`${fault.name} failed: ${String(error)}`));
  return running;
}

/** Waits until everything is up and the learner has done `steps` more steps than when it is first seen, or is done. @throws after `recoverySeconds` */
export async function moves(options: Pick<StormOptions, 'system' | 'board'>, steps: number): Promise<void> {
  const { system } = options;
  const start = performance.now();
  let from = -1;
  while (system.learnerCode === null) {
    const at = await learnerSteps(options);
    if (from < 0 || at < from) from = at;
    const up = services.filter((name) => system.isUp(name));
    if (from >= 0 && at >= from + steps && up.length === services.length) return;
    if (performance.now() - start > 1000 * recoverySeconds) throw new Error(`the run must move again within ${recoverySeconds} s of the last fault, and stands at step ${at}; up: ${up.join(', ')}`);
    await wait(200);
  }
}

async function learnerSteps({ board }: Pick<StormOptions, 'board'>): Promise<number> {
  const statuses = await board.read().catch(() => []);
  return (statuses.find(({ role }) => role === 'learner')?.fields as LearnerStatus | undefined)?.steps ?? -1;
}
