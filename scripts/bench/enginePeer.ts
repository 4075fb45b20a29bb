/** @file PyTorch's side of the engine benchmark: peers/torch_peer.py as a child process that takes one JSON command a line. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Precision } from '../../shared/agent/types.js';
import { packageRoot } from '../../shared/paths.js';
import { encodeSafetensors, type StoredArray } from '../../shared/wire/safetensors.js';
import { caseWeights, learnerBatch, type EngineCase } from './engineCases.js';
import { CLIP_NORM, LEARNING_RATE, type Contender, type Turn } from './engineTurns.js';

const SEED = 1;
/** Q-values of both codes may differ by this in f32; in bf16 by its eight bits' worth. */
const TOLERANCE = { f32: 1e-3, bf16: 0.1 } as const;

/** Weights and batch of a case as one safetensors file; ids as int32, which both sides read. */
function caseFile(of: EngineCase): Uint8Array {
  const { state, next, actions, nStepReturns, discounts, importanceWeights } = learnerBatch(of, SEED);
  const tokens = [of.batchSize, 1 + of.spec.neighbours, of.spec.activeFeatures];
  const columns = { actions, nStepReturns, discounts, importanceWeights, 'state.counts': state.counts, 'next.counts': next.counts };
  const arrays: StoredArray[] = [
    ...caseWeights(of, SEED),
    { name: 'state.ids', shape: tokens, values: Int32Array.from(state.ids) },
    { name: 'next.ids', shape: tokens, values: Int32Array.from(next.ids) },
    ...Object.entries(columns).map(([name, values]) => ({ name, shape: [of.batchSize], values })),
  ];
  return encodeSafetensors(arrays, { spec: JSON.stringify(of.spec), learningRate: String(LEARNING_RATE), clipNorm: String(CLIP_NORM) });
}

/**
 * A PyTorch process with the case loaded. @param way `eager`, `compiled`, each also `-dense` (multi-hot features, made beforehand, times
 * the kernel, where the others sum embedding rows)
 * @throws Error if its Q-values are not ours
 */
export async function torchContender(of: EngineCase, way: string, precision: Precision, threads: number, ourQ: Float32Array): Promise<Contender> {
  const folder = mkdtempSync(join(tmpdir(), 'archwalk-peer-'));
  const file = join(folder, 'case.safetensors');
  writeFileSync(file, caseFile(of));
  const python = process.env['ARCHWALK_PEER_PYTHON'] ?? 'python3';
  const child = spawn(python, [join(packageRoot, 'scripts', 'bench', 'peers', 'torch_peer.py'), file, way, precision, String(threads)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (command: unknown): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(command)}\n`);
    const answer: IteratorResult<string, unknown> = await lines.next();
    if (answer.done === true) throw new Error(`the PyTorch peer must answer, it ended: is torch installed for ${python}?`);
    return JSON.parse(answer.value) as unknown;
  };
  const theirs = (await ask({ q: true })) as number[];
  rmSync(folder, { recursive: true });
  const difference = theirs.reduce((largest, q, i) => Math.max(largest, Math.abs(q - (ourQ[i] as number))), theirs.length === ourQ.length ? 0 : Infinity);
  if (!(difference <= TOLERANCE[precision])) throw new Error(`PyTorch's Q-values must equal ours to ${TOLERANCE[precision]}, they differ by ${difference}`);
  process.stderr.write(`  ${of.name} torch ${way}: Q-values differ by at most ${difference.toExponential(1)}\n`);
  return { turn: (work, count) => ask({ work, count }) as Promise<Turn>, close: () => child.stdin.end() };
}
