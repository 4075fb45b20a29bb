import { stripVTControlCharacters } from 'node:util';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examine, render } from '../../../../services/cli/commands/doctor.js';
import { dataFindings } from '../../../../services/cli/doctor/dataFindings.js';
import { bf16Finding, deviceFinding } from '../../../../services/cli/doctor/engineFindings.js';
import { type Finding, failed, ok, warning } from '../../../../services/cli/doctor/finding.js';
import { policyFindings, redisFindings } from '../../../../services/cli/doctor/redisFindings.js';
import { diskFinding, memoryFinding, nodeFinding, packagesFinding, platformFinding, spaceFinding } from '../../../../services/cli/doctor/systemFindings.js';
import { testDataFolder } from '../../../testData.js';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'archwalk-doctor-test-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const statuses = (findings: readonly Finding[]): string[] => findings.map(({ status }) => status);

describe('system findings', () => {
  it.each([
    ['18.20.4', 'failed'],
    ['20.18.3', 'failed'],
    ['20.19.0', 'ok'],
    ['22.12.0', 'ok'],
    ['23.1.0', 'warning'],
    ['24.4.1', 'ok'],
  ])('Node %s: %s', (version, status) => expect(nodeFinding(version).status).toBe(status));

  it.each([
    ['linux', 'x64', 'ok'],
    ['linux', 'arm64', 'ok'],
    ['linux', 'riscv64', 'failed'],
    ['darwin', 'arm64', 'failed'],
  ])('%s on %s: %s', (platform, arch, status) => expect(platformFinding(platform, arch).status).toBe(status));

  it('names the versions of what is installed, and what is missing from an empty folder', () => {
    expect(packagesFinding().found).toMatch(/^archwalk \d.*tfjs-node-gpu 4\.22\.0, ioredis \d/);
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    writeFileSync(join(empty, 'package.json'), '{"version": "0.0.0"}');
    expect(packagesFinding(empty)).toEqual(failed('packages', 'missing: @tensorflow/tfjs-node-gpu, ioredis, bullmq', 'run make setup'));
  });

  it('measures the disk of a folder that does not exist yet by the one above', () => {
    expect(diskFinding('runs', join(folder, 'not', 'yet')).found).toMatch(/^\d+\.\d GB free for .*not\/yet$/);
  });

  it('draws its lines at 0.5 and 5 GB of disk, and 3 GB of memory', () => {
    expect([4e8, 6e8, 6e9].map((bytes) => spaceFinding('runs', '/runs', bytes).status)).toEqual(['failed', 'warning', 'ok']);
    expect([2e9, 4e9].map((bytes) => memoryFinding(bytes).status)).toEqual(['warning', 'ok']);
  });
});

describe('engine findings', () => {
  it('tells the four ways of having or lacking a GPU apart', () => {
    const cpu = { folder: '/library', cuda: false };
    const cuda = { folder: '/library', cuda: true };
    expect(deviceFinding(cuda, true, true)).toEqual(ok('device', 'GPU'));
    expect(deviceFinding(cpu, false, false)).toEqual(ok('device', 'CPU; no NVIDIA GPU is there'));
    expect(deviceFinding(cpu, false, true).remedy).toContain('ARCHWALK_ENGINE=gpu make setup');
    expect(deviceFinding(cuda, false, true).remedy).toContain('nvidia-smi');
  });

  it('says what precision auto means', () => {
    expect(bf16Finding({ model: 'Xeon', count: 2, bf16: ['amx_bf16'] }).found).toBe('Xeon, 2 processors: matrix products in bf16 (amx_bf16)');
    expect(bf16Finding({ model: 'EPYC', count: 2, bf16: [] }).found).toBe('EPYC, 2 processors: no bf16 in hardware, matrix products in f32');
  });
});

describe('Redis findings', () => {
  const facts = { version: '7.0.15', maxmemoryBytes: 0, maxmemoryPolicy: 'noeviction', appendOnly: true };

  it('fails a bounded server that evicts, warns of one without a file', () => {
    expect(statuses(policyFindings(facts))).toEqual(['ok', 'ok']);
    expect(statuses(policyFindings({ ...facts, maxmemoryBytes: 1e8, maxmemoryPolicy: 'allkeys-lru' }))).toEqual(['failed', 'ok']);
    expect(statuses(policyFindings({ ...facts, appendOnly: false }))).toEqual(['ok', 'warning']);
  });

  it('starts a private server, writes to it and takes it down', async () => {
    const findings = await redisFindings(null);
    expect(statuses(findings)).toEqual(['ok', 'ok', 'ok']);
    expect(findings[0]?.found).toMatch(/^\d+\.\d+\.\d+ at .*server, takes writes/);
  });

  it('names a server that does not answer, without its password', async () => {
    const findings = await redisFindings('redis://user:secret@127.0.0.1:1');
    expect(statuses(findings)).toEqual(['failed']);
    expect(JSON.stringify(findings)).not.toContain('secret');
    expect(findings[0]?.remedy).toContain('REDIS_URL');
  });
});

describe('data findings', () => {
  it('says of each missing file how to get it, and fails an empty one', async () => {
    mkdirSync(join(folder, 'nasbench201'));
    writeFileSync(join(folder, 'nasbench201', 'nasbench201_cifar10.csv.gz'), 'x'.repeat(100_000));
    writeFileSync(join(folder, 'nasbench201', 'nasbench201_cifar100.csv.gz'), '');
    const [, cifar10, cifar100, imagenet, nasbench101] = await dataFindings(folder);
    expect(cifar10).toEqual(ok('nasbench201 cifar10', `${join(folder, 'nasbench201', 'nasbench201_cifar10.csv.gz')} (0.1 MB)`));
    expect(cifar100?.status).toBe('failed');
    expect(imagenet).toMatchObject({ status: 'warning', remedy: expect.stringContaining('archwalk data get nasbench201') as string });
    expect(nasbench101?.status).toBe('warning');
  });
});

describe('doctor', () => {
  it('finds this machine fit: nothing failed, the engine computes 1·3 + 2·4 = 11', async () => {
    const findings = await examine({ redisUrl: null, runsFolder: folder, dataFolder: testDataFolder() ?? folder });
    expect(findings.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(findings.find(({ check }) => check === 'engine')?.found).toContain('computes 11');
  });

  it('prints each finding with its remedy below, then the sum', () => {
    const text = render([ok('a', 'fine'), warning('long', 'less', 'do this'), failed('c', 'gone', 'do that')]);
    expect(stripVTControlCharacters(text)).toBe(
      ['ok       a     fine', 'warning  long  less', '               → do this', 'failed   c     gone', '               → do that', '', '1 failed, 1 warnings: archwalk does not work here yet.', ''].join('\n'),
    );
    expect(render([ok('a', 'fine')])).toContain('Nothing failed, 0 warnings.');
  });
});
