/** @file Seeded damage to bytes: flips, overwrites with lengths that overflow, cuts, insertions, repeats. */
import type { Rng } from '../../../shared/rng.js';

/** Values that length fields and numbers trip over. */
const NASTY: readonly string[] = ['ff', 'ffffffff', '7fffffff', '80000000', 'dfffffffff', 'ddffffffff', 'c6ffffffff', 'cbfff8000000000000', 'd4', 'c7', '00', '7fc00000', '5f5f70726f746f5f5f'];

/** A copy of `bytes` with one to four damages. */
export function mutate(bytes: Uint8Array, rng: Rng): Buffer {
  let out = Buffer.from(bytes);
  for (let damages = 1 + rng.int(4); damages > 0; damages--) {
    const at = rng.int(out.length + 1);
    const nasty = Buffer.from(NASTY[rng.int(NASTY.length)] as string, 'hex');
    switch (rng.int(5)) {
      case 0:
        if (at < out.length) out[at] = (out[at] as number) ^ (1 << rng.int(8));
        break;
      case 1:
        nasty.copy(out, at);
        break;
      case 2:
        out = out.subarray(0, at);
        break;
      case 3:
        out = Buffer.concat([out.subarray(0, at), nasty, out.subarray(at)]);
        break;
      default:
        out = Buffer.concat([out.subarray(0, at), out.subarray(rng.int(out.length + 1))]);
    }
  }
  return out;
}
