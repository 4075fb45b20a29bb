import { describe, expect, it } from 'vitest';
import { installUtilShim } from '../../../shared/engine/utilShim.js';

describe('installUtilShim', () => {
  it('gives a util without isNullOrUndefined (Node 23 and later) one that tells null and undefined from all else', () => {
    const util: { isNullOrUndefined?: (value: unknown) => boolean } = {};
    installUtilShim(util);
    const values = [null, undefined, 0, '', false, Number.NaN, {}];
    expect(values.map((value) => util.isNullOrUndefined?.(value))).toEqual([true, true, false, false, false, false, false]);
  });

  it('takes the place of one that warns (Node 22)', () => {
    let warnings = 0;
    const util = { isNullOrUndefined: () => ((warnings += 1), false) };
    installUtilShim(util);
    expect((util.isNullOrUndefined as (value: unknown) => boolean)(null)).toBe(true);
    expect(warnings).toBe(0);
  });

  it("changes Node's own util where none is given", async () => {
    const { default: util } = (await import('node:util')) as unknown as { default: { isNullOrUndefined?: (value: unknown) => boolean } };
    installUtilShim();
    expect(util.isNullOrUndefined?.(undefined)).toBe(true);
  });
});
