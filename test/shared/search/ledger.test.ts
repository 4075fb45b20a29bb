import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../../../shared/search/history.js';
import { Ledger } from '../../../shared/search/ledger.js';

const identity = { benchmark: 'toy', method: 'agent', seed: 3 };
const entry = (query: number): HistoryEntry => ({ query, id: `toy-${query}`, architecture: { toy: query }, validationAccuracy: query / 10 });

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'archwalk-ledger-'));
  path = join(folder, 'history.jsonl');
});
afterEach(() => { rmSync(folder, { recursive: true }); });

function filled(): void {
  const ledger = new Ledger(path, identity);
  [1, 3, 2].forEach((query) => { ledger.append(entry(query)); });
  ledger.close();
}

describe('Ledger', () => {
  it('gives back what was appended, by query', () => {
    filled();
    const ledger = new Ledger(path, identity);
    expect(ledger.entries()).toEqual([1, 2, 3].map(entry));
    expect(ledger.entry(2)).toEqual(entry(2));
    expect(ledger.entry(4)).toBeUndefined();
    ledger.close();
  });

  it('survives a cut at any byte: whole lines stay, and appending goes on after them', () => {
    filled();
    const bytes = readFileSync(path);
    for (let length = 0; length <= bytes.length; length++) {
      writeFileSync(path, bytes);
      truncateSync(path, length);
      const whole = bytes.subarray(0, length).toString().split('\n').length - 2;
      const ledger = new Ledger(path, identity);
      expect(ledger.entries()).toHaveLength(Math.max(0, whole));
      ledger.append(entry(9));
      ledger.close();
      const again = new Ledger(path, identity);
      expect(again.entries()).toHaveLength(Math.max(0, whole) + 1);
      again.close();
    }
  });

  it.each([
    ['seed', { ...identity, seed: 4 }, 'has seed 3 instead of 4'],
    ['a further key', { ...identity, weightsVersion: 2 }, 'has weightsVersion undefined instead of 2'],
  ])('refuses another search\'s history (%s)', (_what, other, message) => {
    filled();
    expect(() => new Ledger(path, other)).toThrow(message);
  });

  it.each([
    ['{"query": 4,\n', 'line 5 is damaged'],
    ['7\n', 'line 5 is not'],
    ['{"query": 4, "id": "x"}\n', 'line 5 does not'],
  ])('refuses a damaged whole line %j', (line, message) => {
    filled();
    appendFileSync(path, line);
    expect(() => new Ledger(path, identity)).toThrow(message);
  });
});
