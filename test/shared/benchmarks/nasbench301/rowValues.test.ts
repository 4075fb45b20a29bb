import { expect, it } from 'vitest';
import { configurationNames } from '../../../../shared/benchmarks/nasbench301/configuration.js';
import { architecturePlaces, officialLength, valuesOfEntry, writeOfficialVector } from '../../../../shared/benchmarks/nasbench301/officialVector.js';
import { rowValueCount, writeRowValues } from '../../../../shared/benchmarks/nasbench301/rowValues.js';
import { nasbench301Space as space } from '../../../../shared/benchmarks/nasbench301/space.js';
import { Rng } from '../../../../shared/rng.js';

it('indexes the values of the official vector, on 2,000 random cells', () => {
  const rng = new Rng(4);
  const codes = new Uint32Array(4);
  const vector = new Float64Array(officialLength);
  const values = new Uint8Array(rowValueCount);
  for (let i = 0; i < 2_000; i++) {
    space.randomCode(rng, codes, 2);
    writeOfficialVector(codes, 2, vector, 0);
    writeRowValues(codes, 2, values);
    expect(Array.from(values, (value, row) => valuesOfEntry(architecturePlaces[row] as number)[value])).toEqual(Array.from(architecturePlaces, (place) => vector[place]));
  }
  expect(configurationNames.length).toBe(rowValueCount);
});
