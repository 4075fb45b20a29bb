import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../shared/paths.js';
import { catalogue } from '../../shared/metrics/catalogue.js';

interface Rule {
  readonly alert?: string;
  readonly expr: string;
  readonly annotations?: { readonly runbook: string };
}
const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');
const rules = (parse(read('docker/rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule) => rule.alert !== undefined);

/** PROMTOOL, else promtool on the PATH. */
function promtool(...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(process.env['PROMTOOL'] ?? 'promtool', args, { cwd: packageRoot, encoding: 'utf8' });
  if (error !== undefined) throw new Error('promtool is missing: apt-get install prometheus, or name it by PROMTOOL');
  if (status !== 0) throw new Error(`promtool ${args.join(' ')} ended with ${String(status)}:\n${stdout}${stderr}`);
  return stdout + stderr;
}

describe('the rules of Prometheus', () => {
  it('pass promtool, with a unit test that makes each alert fire', () => {
    expect(promtool('check', 'rules', 'docker/rules.yml')).toContain(`${rules.length} rules found`);
    promtool('test', 'rules', 'test/docker/rules.test.yml');
    const { tests } = parse(read('test/docker/rules.test.yml')) as { tests: { alert_rule_test: { alertname: string; exp_alerts?: unknown[] }[] }[] };
    const checked = tests.flatMap((test) => test.alert_rule_test);
    for (const { alert } of alerts) {
      expect(checked.filter(({ alertname, exp_alerts: fired = [] }) => alertname === alert && fired.length > 0)).not.toEqual([]);
      expect(checked.filter(({ alertname, exp_alerts: fired = [] }) => alertname === alert && fired.length === 0)).not.toEqual([]);
    }
  });

  it('name only metrics of the catalogue', () => {
    const known = new Set<string>(Object.values(catalogue).map(({ name }) => name));
    const used = rules.flatMap(({ expr }) => expr.match(/\barchwalk_[a-z0-9_]+/g) ?? []);
    expect(used.length).toBeGreaterThan(8);
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });

  it('have a section of the runbook for each alert', () => {
    const sections = read('docs/runbook.md').match(/^## .+$/gm)?.map((line) => line.slice(3));
    expect(sections).toEqual(alerts.map(({ alert }) => alert));
    for (const { alert, annotations } of alerts) expect(annotations?.runbook).toBe(`docs/runbook.md#${(alert ?? '').toLowerCase()}`);
  });
});
