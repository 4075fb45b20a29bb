import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inactive, officialLength, officialNames, valuesOfEntry, writeOfficialVector } from '../../../../shared/benchmarks/nasbench301/officialVector.js';
import { nasbench301Space as space } from '../../../../shared/benchmarks/nasbench301/space.js';
import { packageRoot } from '../../../../shared/paths.js';
import { testDataFolder } from '../../../testData.js';

const folder = testDataFolder();
/** What ConfigSpace 0.4.12 makes of the official space as the official package loads it; written by officialVectors.py beside it. */
const official = JSON.parse(readFileSync(join(packageRoot, 'test', 'shared', 'benchmarks', 'nasbench301', 'officialVectors.json'), 'utf8')) as {
  readonly order: readonly string[];
  readonly cells: readonly { readonly genotype: unknown; readonly vector: readonly (number | null)[] }[];
};

describe('the official vector', () => {
  it('has ConfigSpace\'s 56 entries, in its order', () => {
    expect(officialLength).toBe(56);
    expect(officialNames).toEqual(official.order);
  });

  it('equals ConfigSpace\'s own array on its cells, bit for bit, -1 for its NaN', () => {
    const vector = new Float64Array(officialLength);
    expect(official.cells.length).toBe(16);
    for (const cell of official.cells) {
      writeOfficialVector(space.fromJson(cell.genotype), 0, vector, 0);
      expect([...vector]).toEqual(cell.vector.map((value) => value ?? inactive));
    }
  });

  it('takes only the values it says it takes', () => {
    for (const cell of official.cells) cell.vector.forEach((value, place) => expect(valuesOfEntry(place)).toContain(value ?? inactive));
  });

  it.skipIf(folder === null)('orders the names as the official space\'s file does', () => {
    const { hyperparameters } = JSON.parse(readFileSync(join(folder as string, 'nasbench301', 'nb301_configspace.json'), 'utf8')) as { hyperparameters: { name: string }[] };
    expect(officialNames).toEqual(hyperparameters.map(({ name }) => name));
  });
});
