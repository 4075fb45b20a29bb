/**
 * @file `archwalk inspect`: one architecture a line in (JSON), one JSON line out for each, in order: what the benchmark says of it,
 * or why it is none. Streaming: a few hundred lines are held at once, whatever the length of the input.
 */
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Benchmark } from '../../../shared/benchmarks/types.js';
import { EXIT, OutOfDomainError } from '../../../shared/errors.js';

export interface InspectOptions {
  readonly benchmark: Benchmark;
  /** Adds the sorted ids of the neighbours that the benchmark holds. */
  readonly neighbours: boolean;
  readonly input: Readable;
  readonly output: Writable;
}

/** What is written for a line. A code is a number, or [normal, reduce] where it has two words. */
export interface Inspection {
  readonly valid: boolean;
  readonly reason?: string;
  readonly id?: string;
  readonly code?: number | readonly number[];
  readonly parameters?: number;
  readonly validationAccuracy?: number;
  readonly testAccuracy?: number;
  /** Where the benchmark knows them. */
  readonly trainingSeconds?: number;
  readonly neighbours?: readonly string[];
}

/** Lines answered together: surrogates are asked in batches. */
const batchLines = 256;

/** The code of one line, or why it has none. */
function parseLine(benchmark: Benchmark, line: string): Uint32Array | string {
  try {
    const code = benchmark.space.fromJson(JSON.parse(line));
    return benchmark.holds(code, 0) ? code : `the architecture must be one that ${benchmark.description.name} holds (${benchmark.description.provenance}), got ${benchmark.space.id(code, 0)}`;
  } catch (error) {
    if (error instanceof OutOfDomainError) return error.message;
    if (error instanceof SyntaxError) return `the line must be JSON, got ${JSON.stringify(line.slice(0, 80))}`;
    throw error;
  }
}

function neighbourIds(benchmark: Benchmark, code: Uint32Array, scratch: Uint32Array): string[] {
  const count = benchmark.neighbours(code, 0, scratch);
  return Array.from({ length: count }, (_, i) => benchmark.space.id(scratch, i * benchmark.space.codeWords)).sort();
}

/** What the benchmark says of each line, in order. */
export function inspectLines(benchmark: Benchmark, lines: readonly string[], neighbours: boolean): Inspection[] {
  const { space } = benchmark;
  const parsed = lines.map((line) => parseLine(benchmark, line));
  const valid = parsed.filter((code) => typeof code !== 'string');
  const codes = new Uint32Array(valid.length * space.codeWords);
  valid.forEach((code, i) => codes.set(code, i * space.codeWords));
  const validation = new Float64Array(valid.length);
  const test = new Float64Array(valid.length);
  benchmark.validationAccuracies(codes, valid.length, validation);
  if (benchmark.hasTestAccuracy) benchmark.testAccuracies(codes, valid.length, test);
  const seconds = new Float64Array(valid.length);
  benchmark.trainingSeconds?.(codes, valid.length, seconds);
  const scratch = new Uint32Array(space.maxNeighbours * space.codeWords);
  let at = 0;
  return parsed.map((code): Inspection => {
    if (typeof code === 'string') return { valid: false, reason: code };
    const i = at++;
    const parameters = benchmark.parameters?.(code, 0) ?? null;
    return {
      valid: true,
      id: space.id(code, 0),
      code: code.length === 1 ? (code[0] as number) : [...code],
      ...(parameters === null ? {} : { parameters }),
      validationAccuracy: validation[i] as number,
      ...(benchmark.hasTestAccuracy ? { testAccuracy: test[i] as number } : {}),
      ...(benchmark.trainingSeconds === undefined ? {} : { trainingSeconds: seconds[i] as number }),
      ...(neighbours ? { neighbours: neighbourIds(benchmark, code, scratch) } : {}),
    };
  });
}

/**
 * Answers every line of `input` on `output`. A line that is no architecture is answered {valid: false, reason}: the question was
 * answered, so it does not end the run and is no failure.
 * @returns 0
 */
export async function inspect(options: InspectOptions): Promise<number> {
  const { benchmark, input, output } = options;
  const answer = async (lines: readonly string[]): Promise<void> => {
    const inspections = inspectLines(benchmark, lines, options.neighbours);
    if (!output.write(inspections.map((inspection) => `${JSON.stringify(inspection)}\n`).join(''))) await once(output, 'drain');
  };
  let pending: string[] = [];
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    pending.push(line);
    if (pending.length < batchLines) continue;
    await answer(pending);
    pending = [];
  }
  if (pending.length > 0) await answer(pending);
  return EXIT.done;
}
