/**
 * @file The replay at 2,000,000 transitions of two code words, full, with priorities spread over four orders of magnitude:
 * replay.add in entries of 256, replay.sample with importance weights in batches of 512, replay.update of those batches, transitions
 * a second each; resident bytes a transition; and how long a snapshot holds the learner up.
 */
import type { TransitionColumns } from '../../shared/mdp/types.js';
import { PrioritizedReplay, type ReplaySample } from '../../shared/replay/prioritizedReplay.js';
import { Rng } from '../../shared/rng.js';
import { median, rate, report } from './figure.js';
import { ENTRY, randomEntry } from './randomEntry.js';

const CAPACITY = 2_000_000;
const BATCH = 512;
const BATCHES = 400;
const REPEATS = 9;

const rng = new Rng(1);
const entries = Array.from({ length: 64 }, () => randomEntry(rng));
const replay = new PrioritizedReplay({ capacity: CAPACITY, codeWords: 2, priorityExponent: 0.6, importanceExponent: 0.4, priorityEpsilon: 1e-6 });
const add = (count: number): void => {
  for (let i = 0; i < count; i++) replay.add(entries[i % entries.length] as TransitionColumns);
};
add(Math.ceil(CAPACITY / ENTRY));

const inserts = 2 * BATCHES;
report({ name: 'replay.add', value: rate(inserts * ENTRY, REPEATS, () => { add(inserts); }), unit: '1/s' });

const samples: ReplaySample[] = Array.from({ length: BATCHES }, () => replay.newSample(BATCH));
const errors = Float32Array.from({ length: BATCH }, () => rng.normal());
report({ name: 'replay.sample', value: rate(BATCHES * BATCH, REPEATS, () => { for (const sample of samples) replay.sample(rng, sample); }), unit: '1/s' });
report({ name: 'replay.update', value: rate(BATCHES * BATCH, REPEATS, () => { for (const sample of samples) replay.updatePriorities(sample, errors); }), unit: '1/s' });
report({ name: 'replay.bytes', value: replay.sizeBytes / CAPACITY, unit: 'B' });

/** Longest of the pauses a snapshot makes: taking it, and copying one piece. Nothing is written. */
function longestPause(): number {
  let start = performance.now();
  const snapshot = replay.snapshot();
  let longest = performance.now() - start;
  start = performance.now();
  let bytes = 0;
  for (const chunk of snapshot.chunks()) {
    bytes += chunk.length;
    longest = Math.max(longest, performance.now() - start);
    start = performance.now();
  }
  if (bytes !== snapshot.sizeBytes) throw new Error(`a snapshot must have ${snapshot.sizeBytes} bytes, got ${bytes}`);
  return longest / 1000;
}
report({ name: 'replay.snapshotPause', value: median(Array.from({ length: REPEATS }, longestPause)), unit: 's' });
