import { afterEach, describe, expect, it } from 'vitest';
import { catalogue } from '../../../shared/metrics/catalogue.js';
import { MetricSet } from '../../../shared/metrics/metricSet.js';
import { type MetricsServer, serveMetrics } from '../../../shared/metrics/server.js';

describe('the catalogue', () => {
  it('names each metric once, by archwalk_<role>_<what>, with counters ending in _total and help on all', () => {
    const definitions = Object.values(catalogue);
    expect(new Set(definitions.map((d) => d.name)).size).toBe(definitions.length);
    for (const d of definitions) {
      expect(d.name).toMatch(new RegExp(`^archwalk_${d.role}_[a-z0-9_]+$`));
      expect(d.name.endsWith('_total')).toBe(d.kind === 'counter');
      expect(d.help.length).toBeGreaterThan(10);
    }
  });
});

describe('MetricSet', () => {
  it('emits the role\'s own metrics and nothing else of ours', async () => {
    const metrics = new MetricSet('learner');
    metrics.add('learnerSteps', 3);
    metrics.set('learnerLoss', 0.5);
    metrics.observe('learnerStepDuration', 0.02, 'engine');
    metrics.reconnected();
    const text = await metrics.registry.metrics();
    expect(text).toContain('archwalk_learner_steps_total 3');
    expect(text).toContain('archwalk_learner_loss 0.5');
    expect(text).toContain('archwalk_learner_step_duration_seconds_count{phase="engine"} 1');
    expect(text).toContain('archwalk_learner_redis_reconnects_total 1');
    const known = new Set(Object.values(catalogue).filter((d) => d.role === 'learner').map((d) => d.name));
    const emitted = [...text.matchAll(/^# TYPE (\S+)/gm)].map((m) => m[1] as string);
    const strange = emitted.filter((name) => !known.has(name) && !/^archwalk_learner_(process|nodejs|redis_reconnects)_/.test(name));
    expect(strange).toEqual([]);
  });

  it('refuses metrics of other roles, of another kind, and unknown labels', () => {
    const metrics = new MetricSet('actor');
    expect(() => metrics.add('learnerSteps')).toThrow('a counter of this role was required, got learnerSteps');
    expect(() => metrics.set('actorTransitions', 1)).toThrow('a gauge of this role was required');
    expect(() => metrics.observe('actorTransitions', 1)).toThrow('a histogram of this role was required');
    expect(() => metrics.add('actorTransitions', 1, 'x')).toThrow('must be absent, got x');
    expect(() => new MetricSet('learner').observe('learnerStepDuration', 1, 'sleep')).toThrow('one of wait, assemble, engine, priorities, got sleep');
  });
});

describe('serveMetrics', () => {
  let server: MetricsServer | undefined;
  afterEach(() => server?.close());

  it('answers metrics, health and readiness with their reasons', async () => {
    let unready: string | null = 'no weights yet';
    server = await serveMetrics(new MetricSet('actor'), { unhealthy: () => null, unready: () => unready }, { host: '127.0.0.1', port: 0 });
    const get = async (path: string): Promise<[number, string]> => {
      const response = await fetch(`http://127.0.0.1:${server?.port}${path}`);
      return [response.status, await response.text()];
    };
    expect(await get('/healthz')).toEqual([200, 'ok\n']);
    expect(await get('/readyz')).toEqual([503, 'no weights yet\n']);
    unready = null;
    expect((await get('/readyz'))[0]).toBe(200);
    expect((await get('/metrics'))[1]).toContain('archwalk_actor_transitions_total 0');
    expect((await get('/'))[0]).toBe(404);
  });
});
