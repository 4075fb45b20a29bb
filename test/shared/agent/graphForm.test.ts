/** Which form of the network's operations is taken, and what is said when the fast one cannot be. */
import { describe, expect, it, vi } from 'vitest';
import { networkOps } from '../../../shared/agent/graphForm.js';
import { composedOps } from '../../../shared/engine/composedOps.js';
import { fusedOps } from '../../../shared/engine/fusedOps.js';
import { loadCustomOps } from '../../../shared/engine/graphAddon.js';
import { EngineError } from '../../../shared/errors.js';

const broken = (): boolean => {
  throw new EngineError('undefined symbol');
};

describe('networkOps', () => {
  it('fuses where the custom operations are there, composes where they are not or are not wanted', () => {
    expect(networkOps('auto', () => true)).toBe(fusedOps);
    expect(networkOps('auto', () => false)).toBe(composedOps);
    expect(networkOps('composed', () => true)).toBe(composedOps);
  });

  it('refuses fused where it cannot be had', () => {
    expect(() => networkOps('fused', () => false)).toThrow(/make setup/);
    expect(() => networkOps('fused', broken)).toThrow(EngineError);
  });

  it('composes with one warning where they do not load', () => {
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    expect(networkOps('auto', broken)).toBe(composedOps);
    expect(warning.mock.calls.map(([text]) => text)).toEqual(['the custom operations do not load, the slower composed ones are used: undefined symbol']);
    warning.mockRestore();
  });
});

describe('loadCustomOps', () => {
  it('finds none where there is no file', () => expect(loadCustomOps('/no/such/operations.so')).toBe(false));
});
