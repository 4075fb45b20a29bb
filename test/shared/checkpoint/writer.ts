/** @file Writes checkpoints 1, 2, 3, … without end into a folder, telling its parent each step begun and done, until it is killed. */
import { CheckpointStore } from '../../../shared/checkpoint/checkpointStore.js';

const store = new CheckpointStore({ folder: process.argv[2] ?? '', keep: 3, identity: { configHash: 'c0ffee', config: {} } });
for (let step = 1; ; step++) {
  process.send?.({ begun: step });
  const piece = new Uint8Array(100_000).fill(step);
  await store.write(7, step, { step }, [
    { name: 'online.safetensors', content: piece },
    { name: 'replay.bin', content: [piece, piece, piece] },
  ]);
  process.send?.({ done: step });
}
