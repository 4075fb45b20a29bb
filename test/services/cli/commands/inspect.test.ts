import { PassThrough, Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { inspect, inspectLines, type Inspection } from '../../../../services/cli/commands/inspect.js';
import { nasbench201Benchmark } from '../../../../shared/benchmarks/nasbench201/benchmark.js';
import { formatArchitecture } from '../../../../shared/benchmarks/nasbench201/architecture.js';
import { openNasbench301 } from '../../../../shared/benchmarks/nasbench301/open.js';
import type { Benchmark } from '../../../../shared/benchmarks/types.js';
import { InvariantError } from '../../../../shared/errors.js';

/** Validation accuracy code / 20,000, test accuracy code / 40,000. */
const table = nasbench201Benchmark('cifar10', {
  validationAccuracies: Float64Array.from({ length: 15_625 }, (_, code) => code / 20_000),
  testAccuracies: Float64Array.from({ length: 15_625 }, (_, code) => code / 40_000),
});
const line = (code: number): string => JSON.stringify({ architecture: formatArchitecture(code) });

async function run(benchmark: Benchmark, text: string, neighbours = false): Promise<{ readonly status: number; readonly answers: Inspection[] }> {
  const output = new PassThrough();
  const chunks: Buffer[] = [];
  output.on('data', (chunk: Buffer) => chunks.push(chunk));
  const status = await inspect({ benchmark, neighbours, input: Readable.from([text]), output });
  return { status, answers: Buffer.concat(chunks).toString().split('\n').slice(0, -1).map((answer) => JSON.parse(answer) as Inspection) };
}

describe('archwalk inspect', () => {
  it('answers a table\'s architecture with all that is known of it', async () => {
    const { status, answers } = await run(table, `${line(1_000)}\n`);
    expect(status).toBe(0);
    expect(answers).toEqual([{ valid: true, id: formatArchitecture(1_000), code: 1_000, parameters: expect.any(Number) as number, validationAccuracy: 0.05, testAccuracy: 0.025 }]);
  });

  it('answers a genotype without a test accuracy, its code as two numbers', async () => {
    const benchmark = openNasbench301('embedded', '/nowhere');
    const { answers } = await run(benchmark, JSON.stringify(benchmark.space.toJson(Uint32Array.of(5, 9), 0)));
    expect(answers[0]).toMatchObject({ valid: true, code: [5, 9], id: benchmark.space.id(Uint32Array.of(5, 9), 0) });
    expect(answers[0]).not.toHaveProperty('testAccuracy');
  });

  it('keeps the order around lines that are no architecture, and says why', async () => {
    const { status, answers } = await run(table, [line(7), '{"architecture":"|conv~0|"}', 'nonsense', '', '[1]', line(8)].join('\n'));
    expect(status).toBe(0);
    expect(answers.map(({ valid, code }) => (valid ? code : null))).toEqual([7, null, null, null, null, 8]);
    expect(answers[1]?.reason).toContain('must have 3 nodes joined by "+", got 1');
    expect(answers[2]?.reason).toBe('the line must be JSON, got "nonsense"');
    expect(answers[3]?.reason).toBe('the line must be JSON, got ""');
    expect(answers[4]?.reason).toContain('must be {"architecture"');
  });

  it('says of an architecture that the benchmark does not hold that it is none', () => {
    const part: Benchmark = { ...table, holds: (codes, offset) => (codes[offset] as number) < 100 };
    expect(inspectLines(part, [line(100)], false)[0]?.reason).toContain(`got ${formatArchitecture(100)}`);
  });

  it('lists the neighbours\' ids, sorted', async () => {
    const { answers } = await run(table, line(0), true);
    const ids = answers[0]?.neighbours as string[];
    expect(ids).toHaveLength(24);
    expect(ids).toEqual([...ids].sort());
    expect(ids).toContain(formatArchitecture(3_125));
  });

  it('passes on what is no fault of the line', () => {
    const broken: Benchmark = { ...table, holds: () => { throw new InvariantError('a bug'); } };
    expect(() => inspectLines(broken, [line(0)], false)).toThrow('a bug');
  });

  it('answers 100,000 lines to a slow reader while holding few of them', async () => {
    let made = 0;
    let written = 0;
    let ahead = 0;
    const input = Readable.from((function* () {
      for (; made < 100_000; made++) yield `${line(made % 15_625)}\n`;
    })());
    const output = new Writable({
      highWaterMark: 1_024,
      write: (chunk: Buffer, _, done) => {
        written += chunk.toString().split('\n').length - 1;
        ahead = Math.max(ahead, made - written);
        setImmediate(done);
      },
    });
    expect(await inspect({ benchmark: table, neighbours: false, input, output })).toBe(0);
    expect(written).toBe(100_000);
    expect(ahead).toBeLessThan(4_000);
  });
});
