import { describe, expect, it } from 'vitest';
import { parseArchitecture } from '../../../../shared/benchmarks/nasbench201/architecture.js';
import { canonicalExpression, isomorphismRepresentatives } from '../../../../shared/benchmarks/nasbench201/isomorphism.js';

describe('isomorphic NAS-Bench-201 cells', () => {
  it('are the 6,466 classes that the benchmark publishes', () => expect(new Set(isomorphismRepresentatives()).size).toBe(6_466));

  it('names each class by its smallest code', () => {
    const representatives = isomorphismRepresentatives();
    expect(representatives.every((first, code) => first <= code && representatives[first] === first)).toBe(true);
  });

  it('keeps zeros as terms, as the published rule does', () => {
    const one = parseArchitecture('|nor_conv_3x3~0|+|skip_connect~0|none~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|');
    const other = parseArchitecture('|skip_connect~0|+|nor_conv_3x3~0|none~1|+|none~0|avg_pool_3x3~1|nor_conv_1x1~2|');
    // Node 1 of the first is conv3(0), node 2 is 0 + "#"; of the second node 1 is 0 and node 2 conv3(0) + "#": the "#" tells them apart.
    expect(canonicalExpression(one)).toBe('#+(#+0)@4+((0)@3)@2');
    expect(canonicalExpression(other)).toBe('#+(#+(0)@3)@2+(0)@4');
  });

  it('takes a skip for its source', () => {
    // Node 1 = 0, so an operation on node 1 is the same as on node 0.
    const viaSkip = parseArchitecture('|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|');
    const direct = parseArchitecture('|skip_connect~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|skip_connect~2|');
    expect(canonicalExpression(viaSkip)).toBe(canonicalExpression(direct));
  });
});
