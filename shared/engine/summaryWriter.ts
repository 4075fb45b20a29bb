/** @file TensorBoard events by tfjs's own summary writer. */
import type { ScalarWriter } from '../metrics/runLog.js';
import type { Tensorflow } from './tensorflow.js';

/** Writes scalars under `folder`, one event file a process. */
export function createSummaryWriter(tensorflow: Tensorflow, folder: string): ScalarWriter {
  const writer = tensorflow.node.summaryFileWriter(folder, 20, 5_000);
  return {
    scalar: (tag, value, step) => writer.scalar(tag, value, step),
    flush: () => writer.flush(),
  };
}
