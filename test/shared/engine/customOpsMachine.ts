/** Which forced instruction sets can be tested here; what cannot is said aloud. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { depsRoot } from '../../../shared/paths.js';

const FLAG = { generic: 'fpu', avx2: 'avx2', avx512: 'avx512dq' } as const;

/** False, with a skipped test that says why, where the operations are not built or the processor lacks the set. */
export function processorRuns(isa: keyof typeof FLAG): boolean {
  const reason = !existsSync(join(depsRoot, 'engine', 'archwalk_ops.so'))
    ? 'the custom operations are not built'
    : isa !== 'generic' && !new RegExp(`\\b${FLAG[isa]}\\b`).test(readFileSync('/proc/cpuinfo', 'utf8'))
      ? `this processor lacks ${isa}`
      : null;
  if (reason === null) return true;
  describe(`custom operations, ${isa}`, () => {
    it('can be tested here', ({ skip }) => {
      skip(reason);
      expect(reason).toBeNull();
    });
  });
  return false;
}
