import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellCount, formatArchitecture, operationOf, parseArchitecture } from '../../../../shared/benchmarks/nasbench201/architecture.js';
import { OutOfDomainError } from '../../../../shared/errors.js';

describe('NAS-Bench-201 architecture strings', () => {
  // Digits 4 | 2 1 | 2 1 1 (avg_pool | conv1x1 skip | conv1x1 skip skip): ((((4*5+2)*5+1)*5+2)*5+1)*5+1 = 13,931.
  const text = '|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|';

  it('reads the six operations as base-5 digits, the first most significant', () => {
    expect(parseArchitecture(text)).toBe(((((4 * 5 + 2) * 5 + 1) * 5 + 2) * 5 + 1) * 5 + 1);
    expect([0, 1, 2, 3, 4, 5].map((edge) => operationOf(parseArchitecture(text), edge))).toEqual([4, 2, 1, 2, 1, 1]);
  });

  it('writes what it read', () => expect(formatArchitecture(parseArchitecture(text))).toBe(text));

  it('puts every code in one string and back', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: cellCount - 1 }), (code) => parseArchitecture(formatArchitecture(code)) === code), { seed: 1, numRuns: 10_000 });
  });

  it.each([
    ['an unknown operation', text.replace('avg_pool_3x3', 'max_pool_3x3'), 'operation "max_pool_3x3" at node 1'],
    ['a wrong input', text.replace('skip_connect~2', 'skip_connect~1'), 'input 1 instead of 2 at node 3'],
    ['a missing edge', text.replace('skip_connect~1|+', '+'), '1 edges instead of 2 at node 2'],
    ['a missing bar', text.replace('|+|', '+|'), 'got "|avg_pool_3x3~0" at node 1'],
    ['a missing node', '|none~0|+|none~0|none~1|', 'must have 3 nodes joined by "+", got 2'],
    ['no architecture', '', 'must have 3 nodes joined by "+", got 1'],
  ])('refuses %s, naming it', (_, bad, words) => {
    expect(() => parseArchitecture(bad)).toThrow(OutOfDomainError);
    expect(() => parseArchitecture(bad)).toThrow(words);
  });
});
