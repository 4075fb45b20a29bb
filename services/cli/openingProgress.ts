/** @file What a person sees while a benchmark's file is read or its cache made, which takes minutes once and no time after. */
import type { OpeningProgress } from '../../shared/benchmarks/types.js';
import { ProgressLine, type ProgressStream } from './progressLine.js';

const MEGABYTE = 1e6;

/** Runs `open` with a progress line on `stream`; the line is gone when it is done. */
export async function withOpeningProgress<T>(open: (onProgress: OpeningProgress) => Promise<T>, stream: ProgressStream = process.stderr): Promise<T> {
  const line = new ProgressLine(stream);
  try {
    return await open((what, done, total, unit) => {
      if (unit === 'bytes') line.show(what, Math.round(done / MEGABYTE), Math.round(total / MEGABYTE), 'MB');
      else line.show(what, done, total, unit);
    });
  } finally {
    line.clear();
  }
}
