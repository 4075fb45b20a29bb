/** @file What goes wrong: each fault happens, lasts and ends by itself. Which comes next, and for how long, is the seed's. */
import type { Rng } from '../../shared/rng.js';
import { type ServiceName, type System, longPauseMs, services } from './system.js';

export interface Fault {
  readonly name: string;
  /** Happens only where there is a small disk to fill. */
  readonly needsDisk?: boolean;
  run(): Promise<void>;
}

/** Draws the next fault. */
export function drawFault(rng: Rng, system: System, addRefuse: (bytes: Buffer) => Promise<void>): Fault {
  const service = services[rng.int(services.length)] as ServiceName;
  const seconds = (from: number, to: number): number => 1000 * (from + (to - from) * rng.float());
  const kinds: readonly (() => Fault)[] = [
    ...Array.from({ length: 4 }, () => () => now(`SIGKILL of ${service}`, () => system.kill(service))),
    () => lasting('SIGKILL of Redis', seconds(0, 3), (ms) => system.killRedis(ms)),
    () => lasting(`SIGSTOP of ${service}`, longPauseMs + seconds(0, 2), (ms) => system.pause(service, ms)),
    () => lasting('SIGSTOP of Redis', longPauseMs + seconds(0, 2), (ms) => system.pause('redis', ms)),
    () => now('all connections cut', () => void system.proxy.cut()),
    () => lasting('connections cut again and again', seconds(1, 4), (ms) => repeatedly(ms, 150, () => void system.proxy.cut())),
    () => lasting('connections slowed', seconds(2, 6), async (ms) => {
      system.proxy.slow(50 + rng.int(300));
      await new Promise((resolve) => setTimeout(resolve, ms));
      system.proxy.slow(0);
    }),
    () => lasting('entries that are none', 0, () => addRefuse(Buffer.from(Array.from({ length: 1 + rng.int(200) }, () => rng.int(256))))),
    () => ({ ...lasting('full disk for the checkpoints', seconds(3, 8), (ms) => system.fillDisk(ms)), needsDisk: true }),
  ];
  return (kinds[rng.int(kinds.length)] as () => Fault)();
}

function now(name: string, run: () => void): Fault {
  return { name, run: () => Promise.resolve(run()) };
}

function lasting(name: string, milliseconds: number, run: (milliseconds: number) => Promise<void>): Fault {
  return { name, run: () => run(milliseconds) };
}

async function repeatedly(milliseconds: number, everyMs: number, what: () => void): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += everyMs) {
    what();
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
