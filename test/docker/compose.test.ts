import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyRun } from '../integration/trainProcess.js';
import { type Engine, openEngine, provideBaseImages } from './engine.js';

const project = `archwalk-test-${process.pid}`;
const image = process.env['ARCHWALK_IMAGE'] ?? 'archwalk:test';
let engine: Engine;
let environment: Record<string, string>;
let prometheus: string;
const seen = (what: string): void => console.log(`test-docker  ${new Date(performance.timeOrigin + performance.now()).toISOString().slice(11, 19)}  ${what}`);

beforeAll(async () => {
  engine = await openEngine();
  provideBaseImages(engine);
  // An image given by name is taken as it is.
  if (process.env['ARCHWALK_IMAGE'] === undefined) engine.docker(['build', '-t', image, '.']);
  seen(`image of ${Math.round(Number(engine.docker(['image', 'inspect', '--format', '{{.Size}}', image])) / 1e6)} MB`);
  const port = await freePort();
  prometheus = `http://127.0.0.1:${port}`;
  environment = {
    COMPOSE_PROJECT_NAME: project, ARCHWALK_IMAGE: image, PROMETHEUS_PORT: String(port),
    ARCHWALK_PREPARE: [...tinyRun, '--set', 'learner.evaluationPeriodSeconds=5', '--learner-steps', '1000000'].join(' '),
  };
});

afterAll(async () => {
  if (environment !== undefined) engine.compose(['down', '--volumes', '--timeout', '30'], environment);
  await engine?.stop();
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Value of the one sample of a query; null where there is none. */
async function query(expression: string): Promise<number | null> {
  try {
    const response = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
    const value = data.result[0]?.value[1];
    return value === undefined ? null : Number(value);
  } catch {
    return null;
  }
}

/** Asks every second until `holds`. @throws with the services' states after 5 minutes */
async function until(what: string, expression: string, holds: (value: number) => boolean): Promise<number> {
  for (let waited = 0; waited < 300; waited++) {
    const value = await query(expression);
    if (value !== null && holds(value)) {
      seen(`${what}: ${value}`);
      return value;
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  throw new Error(`${what} was not seen within 300 s\n${engine.compose(['ps'], environment)}\n${engine.compose(['logs', '--tail', '15'], environment)}`);
}

const up = (actors: number): string => engine.compose(['up', '-d', '--no-build', '--scale', `actor=${actors}`], environment);
const container = (service: string): string => engine.compose(['ps', '-q', service], environment).trim().split('\n')[0] ?? '';
const steps = 'max(archwalk_learner_steps_total)';
const actorsUp = 'sum(up{job="actor"})';

describe('docker compose', () => {
  it('trains with 4 actors and evaluates, and Prometheus sees it', async () => {
    up(4);
    const first = await until('learner steps', steps, (value) => value > 0);
    await until('learner steps, later', steps, (value) => value > first);
    await until('evaluations', 'sum(archwalk_evaluator_evaluations_total)', (value) => value >= 1);
    await until('actors scraped', actorsUp, (value) => value === 4);
    expect(await query('min(archwalk_evaluator_best_accuracy_ratio{budget="10"})')).toBeGreaterThan(0.5);
  });

  it('has 8 actors after --scale actor=8, all of them sending, and 4 again', async () => {
    up(8);
    await until('actors scraped', actorsUp, (value) => value === 8);
    await until('actors that sent transitions', 'count(archwalk_actor_transitions_total > 0)', (value) => value === 8);
    up(4);
    expect(await until('actors scraped', actorsUp, (value) => value === 4)).toBe(4);
  });

  it('goes on by itself from a checkpoint after SIGKILL of the learner', async () => {
    const learner = container('learner');
    await until('checkpoints', 'max(archwalk_learner_checkpoints_total{outcome="written"})', (value) => value >= 1);
    const before = (await query(steps)) ?? 0;
    // The learner is the child of the container's init; its end ends the container, and the restart policy starts another.
    engine.docker(['exec', learner, 'node', '-e', `
      const fs = require('fs');
      const isLearner = (pid) => { try { return fs.readFileSync('/proc/' + pid + '/cmdline', 'utf8').startsWith('node\\0dist/services/learner/main.js'); } catch { return false; } };
      process.kill(Number(fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name) && name !== '1').find(isLearner)), 'SIGKILL');`]);
    await until('learner steps after its death', steps, (value) => value > before);
    expect(Number(engine.docker(['inspect', '--format', '{{.RestartCount}}', learner]))).toBeGreaterThan(0);
    const restored = engine.log(learner).split('\n').filter((line) => line.includes('goes on from'));
    expect(restored.length).toBeGreaterThan(0);
    seen(`the learner said: ${restored.at(-1) ?? ''}`);
  });

  it('shows the password of Redis in no log and no configuration, and Redis asks for it', () => {
    const password = engine.docker(['exec', container('redis'), 'cat', '/secrets/redis-password']).trim();
    expect(password.length).toBeGreaterThan(30);
    const ids = engine.compose(['ps', '-q'], environment).trim().split('\n');
    expect(ids.length).toBeGreaterThanOrEqual(8);
    expect(engine.docker(['inspect', ...ids])).not.toContain(password);
    expect(engine.compose(['logs'], environment)).not.toContain(password);
    expect(engine.docker(['exec', container('redis'), 'redis-cli', 'ping'])).toContain('NOAUTH');
  });

  it('runs every container of ours read-only, without capabilities, not as root', () => {
    for (const service of ['learner', 'actor', 'evaluator', 'redis']) {
      const [state] = JSON.parse(engine.docker(['inspect', container(service)])) as { Config: { User: string }; HostConfig: { ReadonlyRootfs: boolean; CapDrop: string[]; SecurityOpt: string[] } }[];
      expect(state?.HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges:true'] });
      expect(state?.Config.User).toBe('1000:1000');
    }
  });
});
