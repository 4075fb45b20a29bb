import { describe, expect, it } from 'vitest';
import { CellSet } from '../../../scripts/surrogate/cellSet.js';
import { randomCells } from '../../../scripts/surrogate/climb.js';
import { nodeRows, Student, targetMean, targetScale } from '../../../scripts/surrogate/student.js';
import { trainStage } from '../../../scripts/surrogate/train.js';
import { EmbeddedSurrogate, openEmbedded } from '../../../shared/benchmarks/nasbench301/embedded.js';
import { loadTensorflow } from '../../../shared/engine/tensorflow.js';
import { Rng } from '../../../shared/rng.js';

const tf = await loadTensorflow({ threads: 1, device: 'cpu', bf16: false });

/** Root mean squared error of the student as it is, in points, against the cells' labels. */
function errorOn(student: Student, cells: CellSet): number {
  const out = new Float64Array(cells.size);
  new EmbeddedSurrogate(student.weights(), 'test').predict(cells.codes, cells.size, out);
  return Math.sqrt(out.reduce((sum, value, i) => sum + (100 * value - (cells.labels[i] as number)) ** 2, 0) / cells.size);
}

/** A small one after 20 steps on 2,000 cells labelled by the committed surrogate. */
function trained(): { readonly student: Student; readonly before: number; readonly after: number; readonly reported: number } {
  const cells = new CellSet();
  cells.label(openEmbedded(), randomCells(2_000, new Rng(1)), 2_000);
  const student = new Student(tf, new Rng(2), [16, 8, 8]);
  const before = errorOn(student, cells);
  const reported = trainStage(tf, student, cells, new Rng(3), { steps: 20, batch: 256, learningRate: 1e-2, weightOf: () => 1, onProgress: () => undefined });
  return { student, before, after: errorOn(student, cells), reported };
}

describe('the student', () => {
  it('is the same network for tfjs and for the embedded surrogate', () => {
    const { student } = trained();
    const codes = randomCells(100, new Rng(4));
    const wanted = tf.tidy(() => student.forward(nodeRows(codes, student.firstRow).map((column) => tf.tensor1d(column, 'int32'))).dataSync());
    const out = new Float64Array(100);
    new EmbeddedSurrogate(student.weights(), 'test').predict(codes, 100, out);
    out.forEach((value, i) => expect(100 * value).toBeCloseTo(targetMean + targetScale * (wanted[i] as number), 3));
  });

  it('learns, is the same by seed, and leaks no tensor', () => {
    const first = trained();
    expect(first.after).toBeLessThan(first.before / 2);
    const tensors = tf.memory().numTensors;
    const second = trained();
    expect([second.reported, second.after]).toEqual([first.reported, first.after]);
    expect(Buffer.from(second.student.weights().table.buffer).equals(Buffer.from(first.student.weights().table.buffer))).toBe(true);
    // The second student's own: 8 structures, 8 + 8 tables, 7 other variables; the optimizer's moments went with its stage.
    expect(tf.memory().numTensors - tensors).toBe(31);
  });
});
