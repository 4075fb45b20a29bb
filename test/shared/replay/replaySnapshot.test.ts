import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CheckpointError, InvariantError } from '../../../shared/errors.js';
import { PrioritizedReplay, type ReplayOptions } from '../../../shared/replay/prioritizedReplay.js';
import { decodeReplay, SEGMENT_SLOTS } from '../../../shared/replay/replaySnapshot.js';
import { Rng } from '../../../shared/rng.js';
import { randomTransitions } from '../wire/batches.js';

const options = (more: Partial<ReplayOptions> = {}): ReplayOptions => ({ capacity: 1_000, codeWords: 2, priorityExponent: 0.6, importanceExponent: 0.4, priorityEpsilon: 1e-6, ...more });

function digest(values: ArrayBufferView): string {
  return createHash('sha256').update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)).digest('hex');
}

/** A few learner steps: draws and priorities that depend on everything the replay holds. */
function trace(replay: PrioritizedReplay, seed: number): unknown[] {
  const rng = new Rng(seed);
  const sample = replay.newSample(32);
  return Array.from({ length: 20 }, (_, step) => {
    replay.sample(rng, sample);
    replay.updatePriorities(sample, Float32Array.from({ length: 32 }, () => rng.normal()));
    replay.add(randomTransitions(17, 100 * seed + step, replay.newSample(1).columns.codeWords));
    return [digest(sample.indices), digest(sample.importanceWeights), digest(sample.columns.stateCodes), digest(sample.columns.nStepReturns), replay.totalMass, replay.stalePriorities];
  });
}

describe.each([1, 2] as const)('a serialized replay, %i words a code', (codeWords) => {
  it.each([0, 1, 700, 1_000, 3_210])('after %i insertions restores to one that draws bit for bit the same', (inserted) => {
    const first = new PrioritizedReplay(options({ codeWords }));
    if (inserted > 0) first.add(randomTransitions(inserted, 1, codeWords));
    if (inserted > 32) trace(first, 5);
    const second = new PrioritizedReplay(options({ codeWords }));
    second.add(randomTransitions(999, 77, codeWords));
    // A Buffer over a part of a larger memory, as files are read: its slice() would not copy.
    const bytes = first.serialize();
    const file = Buffer.concat([Buffer.from([1, 2, 3]), bytes]).subarray(3);
    second.deserialize(file);
    expect([second.size, second.inserted, second.totalMass, second.stalePriorities]).toEqual([first.size, first.inserted, first.totalMass, first.stalePriorities]);
    if (inserted > 0) expect(trace(second, 6)).toEqual(trace(first, 6));
    expect(digest(second.serialize())).toBe(digest(first.serialize()));
  });
});

describe('a snapshot', () => {
  const capacity = 3 * SEGMENT_SLOTS + 100;
  const big = (): PrioritizedReplay => {
    const replay = new PrioritizedReplay(options({ capacity }));
    replay.add(randomTransitions(capacity + 5_000, 3));
    return replay;
  };

  it('stands still while the replay goes on between its chunks', () => {
    const replay = big();
    const sample = replay.newSample(500);
    const rng = new Rng(4);
    const before = replay.serialize();
    const snapshot = replay.snapshot();
    expect(snapshot.sizeBytes).toBe(before.length);
    const chunks: Uint8Array[] = [];
    let round = 0;
    for (const chunk of snapshot.chunks()) {
      chunks.push(chunk.slice());
      expect(chunk.length).toBeLessThanOrEqual(1_100_000);
      // Twice round the ring in all, and priorities of 500 slots each time.
      replay.add(randomTransitions(capacity / 4, 50 + round++));
      replay.sample(rng, sample);
      replay.updatePriorities(sample, new Float32Array(500).fill(7));
    }
    expect(Buffer.concat(chunks).equals(before)).toBe(true);
    expect(Buffer.from(replay.serialize()).equals(before)).toBe(false);
  });

  it('is one at a time, until it was read to its end, left early, or released', () => {
    const replay = big();
    const snapshot = replay.snapshot();
    expect(() => replay.snapshot()).toThrow(InvariantError);
    snapshot.release();
    for (const chunk of replay.snapshot().chunks()) if (chunk.length > 0) break;
    expect(replay.serialize().length).toBe(snapshot.sizeBytes);
    replay.snapshot().release();
  });
});

describe('damaged bytes', () => {
  const replay = new PrioritizedReplay(options());
  replay.add(randomTransitions(50, 1));
  const good = replay.serialize();
  const patched = (at: number, write: (view: DataView) => void): Uint8Array => {
    const bytes = good.slice();
    write(new DataView(bytes.buffer, at));
    return bytes;
  };

  it.each([
    ['nothing', new Uint8Array(0), /at least 56, got 0/],
    ['another magic', patched(0, (v) => { v.setUint32(0, 7, true); }), /begin with AWRP/],
    ['another version', patched(4, (v) => { v.setUint32(0, 2, true); }), /version must be 1, got 2/],
    ['three code words', patched(8, (v) => { v.setUint32(0, 3, true); }), /1 or 2, got 3/],
    ['a size over the capacity', patched(16, (v) => { v.setUint32(0, 0xffffffff, true); }), /at most its capacity/],
    ['a size that is not the insertions', patched(24, (v) => { v.setFloat64(0, 51, true); }), /51 insertions/],
    ['a next slot that is not behind the newest', patched(20, (v) => { v.setUint32(0, 3, true); }), /next slot 3/],
    ['stale priorities below 0', patched(32, (v) => { v.setFloat64(0, -1, true); }), /must be a count/],
    ['a byte too few', good.slice(0, -1), /must have \d+ bytes/],
    ['a byte too many', Uint8Array.of(...good, 0), /must have \d+ bytes/],
    ['a mass that is none', patched(56, (v) => { v.setFloat64(0, NaN, true); }), /finite/],
  ] as const)('%s is refused with its reason, and nothing changes', (_, bytes, reason) => {
    const victim = new PrioritizedReplay(options());
    victim.add(randomTransitions(10, 9));
    const before = victim.serialize();
    expect(() => { victim.deserialize(bytes); }).toThrow(reason);
    expect(() => { victim.deserialize(bytes); }).toThrow(CheckpointError);
    expect(victim.serialize()).toEqual(before);
  });

  it('of a replay with other options are refused by name', () => {
    expect(() => { new PrioritizedReplay(options({ capacity: 2_000 })).deserialize(good); }).toThrow(/capacity must be 2000, got 1000/);
    expect(() => { new PrioritizedReplay(options({ codeWords: 1 })).deserialize(good); }).toThrow(/codeWords must be 1, got 2/);
    expect(() => { new PrioritizedReplay(options({ priorityExponent: 0.5 })).deserialize(good); }).toThrow(/priorityExponent/);
  });

  it('never crash the reader, whatever byte is changed', () => {
    const rng = new Rng(12);
    let refused = 0;
    for (let i = 0; i < 5_000; i++) {
      const bytes = good.slice(0, rng.int(4) === 0 ? rng.int(good.length) : good.length);
      for (let k = 0; k < 3 && bytes.length > 0; k++) bytes[rng.int(Math.min(bytes.length, 120))] = rng.int(256);
      try {
        decodeReplay(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1_000);
  });
});
