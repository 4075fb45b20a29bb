/**
 * @file What the Kubernetes manifests say, once kubectl has rendered them: what only a server checks (types of all fields) is left to
 * `kubectl apply --dry-run=server`; see docs/deploy.md.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { resolveConfig } from '../../shared/config/resolve.js';
import type { PartialConfig } from '../../shared/config/presets.js';
import { packageRoot } from '../../shared/paths.js';

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: string[];
  readonly env?: { name: string }[];
  readonly ports?: { name: string; containerPort: number }[];
  readonly resources: Record<string, Record<string, string>>;
  readonly securityContext: Record<string, unknown>;
  readonly volumeMounts: { name: string; mountPath: string }[];
  readonly [probe: string]: unknown;
}
interface PodSpec {
  readonly containers: Container[];
  readonly initContainers?: Container[];
  readonly volumes: { name: string; secret?: { secretName: string; items: { key: string }[] }; configMap?: { name: string }; persistentVolumeClaim?: { claimName: string } }[];
  readonly securityContext: Record<string, unknown>;
  readonly automountServiceAccountToken: boolean;
  readonly restartPolicy?: string;
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { name: string; namespace?: string; labels: Record<string, string> };
  readonly data?: Record<string, string>;
  readonly spec: {
    readonly replicas?: number;
    readonly selector?: { matchLabels?: Record<string, string> };
    readonly podSelector?: { matchLabels?: Record<string, string> };
    readonly ports?: { port: number; targetPort: string }[];
    readonly volumeClaimTemplates?: { metadata: { name: string } }[];
    readonly template: { metadata: { labels: Record<string, string>; annotations?: Record<string, string> }; spec: PodSpec };
  };
}

/** A Kubernetes quantity: digits with a binary or decimal suffix. */
const QUANTITY = /^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/;
/** What docker/entrypoint.sh and shared/config/environment.ts read. */
const ENVIRONMENT = ['ARCHWALK_RUN', 'ARCHWALK_ID', 'REDIS_HOST', 'REDIS_PASSWORD_FILE'];

let folder: string;
const rendered = new Map<string, Manifest[]>();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'archwalk-k8s-'));
  cpSync(join(packageRoot, 'k8s'), folder, { recursive: true });
  writeFileSync(join(folder, 'base', '.env'), 'REDIS_PASSWORD=not-a-password-of-anyone\n');
  for (const path of ['base', 'overlays/actors-32']) {
    const { status, stdout, stderr, error } = spawnSync('kubectl', ['kustomize', join(folder, path)], { encoding: 'utf8' });
    if (error !== undefined) throw new Error('kubectl is missing: https://kubernetes.io/docs/tasks/tools/');
    if (status !== 0) throw new Error(`kubectl kustomize ${path}: ${stderr}`);
    rendered.set(path, parseAllDocuments(stdout).map((document) => document.toJS() as Manifest));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const all = (path: string): Manifest[] => rendered.get(path) ?? [];
const workloads = (path: string): Manifest[] => all(path).filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind));
const containersOf = ({ spec }: Manifest): Container[] => [...(spec.template.spec.initContainers ?? []), ...spec.template.spec.containers];
const contains = (labels: Record<string, string>, wanted: Record<string, string>): boolean => Object.entries(wanted).every(([name, value]) => labels[name] === value);

describe.each(['base', 'overlays/actors-32'])('k8s/%s', (path) => {
  it('holds the whole run, in no namespace of its own', () => {
    expect(workloads(path).map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()).toEqual(['Deployment actor', 'Deployment evaluator', 'Job learner', 'StatefulSet redis']);
    for (const { metadata } of all(path)) {
      expect(metadata.namespace).toBeUndefined();
      expect(metadata.labels['app.kubernetes.io/part-of']).toBe('archwalk');
    }
    expect(all(path).find(({ metadata }) => metadata.name === 'actor')?.spec.replicas).toBe(path === 'base' ? 4 : 32);
  });

  it('selects pods that exist: workloads their own, the service and the policies somebody\'s', () => {
    const pods = workloads(path).map(({ spec }) => spec.template.metadata.labels);
    for (const { kind, spec } of workloads(path)) if (kind !== 'Job') expect(contains(spec.template.metadata.labels, spec.selector?.matchLabels ?? { none: '' })).toBe(true);
    for (const { kind, spec } of all(path)) {
      const wanted = kind === 'Service' ? (spec.selector as Record<string, string>) : kind === 'NetworkPolicy' ? (spec.podSelector?.matchLabels ?? {}) : null;
      if (wanted !== null) expect(pods.some((labels) => contains(labels, wanted))).toBe(true);
    }
  });

  it('names volumes, secrets, config maps, claims and ports that are there', () => {
    const names = (kind: string): string[] => all(path).filter((manifest) => manifest.kind === kind).map(({ metadata }) => metadata.name);
    for (const { spec } of workloads(path)) {
      const volumes = [...spec.template.spec.volumes.map(({ name }) => name), ...(spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name)];
      for (const { secret, configMap, persistentVolumeClaim } of spec.template.spec.volumes) {
        if (secret !== undefined) {
          expect(names('Secret')).toContain(secret.secretName);
          for (const { key } of secret.items) expect(Object.keys(all(path).find(({ metadata }) => metadata.name === secret.secretName)?.data ?? {})).toContain(key);
        }
        if (configMap !== undefined) expect(names('ConfigMap')).toContain(configMap.name);
        if (persistentVolumeClaim !== undefined) expect(names('PersistentVolumeClaim')).toContain(persistentVolumeClaim.claimName);
      }
      for (const container of [...(spec.template.spec.initContainers ?? []), ...spec.template.spec.containers]) {
        for (const { name } of container.volumeMounts) expect(volumes).toContain(name);
        const ports = (container.ports ?? []).map(({ name }) => name);
        for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
          const { httpGet, tcpSocket } = (container[probe] ?? {}) as { httpGet?: { port: string }; tcpSocket?: { port: string } };
          const port = httpGet?.port ?? tcpSocket?.port;
          if (port !== undefined) expect(ports).toContain(port);
        }
      }
    }
  });

  it('meets the restricted pod security standard, and bounds memory by valid quantities', () => {
    for (const manifest of workloads(path)) {
      const pod = manifest.spec.template.spec;
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(pod.automountServiceAccountToken).toBe(false);
      for (const { securityContext, resources } of containersOf(manifest)) {
        expect(securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
        expect(Object.keys(resources).sort()).toEqual(['limits', 'requests']);
        expect(resources['limits']?.['memory']).toBeDefined();
        for (const quantity of Object.values(resources).flatMap((group) => Object.values(group))) expect(quantity).toMatch(QUANTITY);
      }
    }
  });

  it('starts services and commands that exist, with variables that are read and a configuration that is valid', () => {
    for (const manifest of workloads(path).filter(({ metadata }) => metadata.name !== 'redis')) {
      const role = manifest.metadata.name;
      const main = manifest.spec.template.spec.containers[0];
      expect(main?.args).toEqual(['node', `dist/services/${role}/main.js`]);
      for (const { name } of main?.env ?? []) expect(ENVIRONMENT).toContain(name);
      expect(manifest.spec.template.metadata.annotations).toMatchObject({ 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9464' });
      expect(main?.readinessProbe).toMatchObject({ httpGet: { path: '/readyz', port: 'metrics' } });
      expect(main?.ports).toEqual([{ name: 'metrics', containerPort: 9464 }]);
    }
    const run = all(path).find(({ kind }) => kind === 'ConfigMap')?.data?.['run.yaml'] ?? '';
    expect(resolveConfig({ preset: undefined, file: parse(run) as PartialConfig, assignments: [] }).metrics).toMatchObject({ port: 9464, host: '0.0.0.0' });
    expect(workloads(path).find(({ kind }) => kind === 'Job')?.spec.template.spec.restartPolicy).toBe('Never');
  });
});

describe('k8s/base without a password', () => {
  it('is not rendered, and the file to make is named', () => {
    rmSync(join(folder, 'base', '.env'));
    const { status, stderr } = spawnSync('kubectl', ['kustomize', join(folder, 'base')], { encoding: 'utf8' });
    expect(status).not.toBe(0);
    expect(stderr).toContain('.env');
  });
});
