/** @file Writes docs/configuration.md from the configuration schema; with --check it only says whether the page is up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { presetOf } from '../../shared/config/presets.js';
import { configSchema } from '../../shared/config/schema.js';
import { packageRoot } from '../../shared/paths.js';

interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

const benchmarks = ['nasbench301', 'nasbench201', 'nasbench101'] as const;

function range(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.join(', ');
  if (schema.type === 'boolean') return 'true, false';
  if (schema.minimum === undefined || schema.maximum === undefined) return schema.type ?? '';
  return `${schema.minimum} to ${schema.maximum}${schema.type === 'integer' ? '' : ' (real)'}`;
}

function groupTable(name: string, group: JsonSchema): string {
  const rows = Object.entries(group.properties ?? {}).map(
    ([key, leaf]) => `| \`${name}.${key}\` | ${JSON.stringify(leaf.default)} | ${range(leaf)} | ${leaf.description ?? ''} |`,
  );
  return [`## ${name}`, '', '| key | default | range | meaning and source |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function presetTable(preset: 'small' | 'paper'): string {
  const rows = benchmarks.map((benchmark) => {
    const groups = Object.entries(presetOf(preset, benchmark)) as [string, Record<string, unknown>][];
    const settings = groups.flatMap(([group, leaves]) => Object.entries(leaves).map(([key, value]) => `\`${group}.${key}\` ${String(value)}`));
    return `| ${benchmark} | ${settings.join(', ')} |`;
  });
  return [`### ${preset}`, '', '| benchmark | differs from the defaults below in |', '|---|---|', ...rows, ''].join('\n');
}

function page(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema;
  return [
    '# Configuration',
    '',
    'Generated from `shared/config/schema.ts` by `make docs`. Set any key with `--set key=value` or in a run file (`--config run.yaml`, groups as below).',
    '',
    '## Presets',
    '',
    presetTable('small'),
    presetTable('paper'),
    ...Object.entries(schema.properties ?? {}).map(([name, group]) => groupTable(name, group)),
  ].join('\n');
}

const path = join(packageRoot, 'docs', 'configuration.md');
const wanted = page();
if (process.argv.includes('--check')) {
  if (readFileSync(path, 'utf8') !== wanted) {
    process.stderr.write('docs/configuration.md must be what make docs writes, and is not: run make docs\n');
    process.exitCode = 1;
  }
} else {
  writeFileSync(path, wanted);
}
