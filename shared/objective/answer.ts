/** @file What an objective answers: a number, or JSON with `validationAccuracy`; on the last line, where logs come before it. */
import { PermanentFailure } from './retry.js';

/**
 * @returns the validation accuracy, a fraction
 * @throws PermanentFailure if there is no number, or it is outside 0..1: another evaluation would cost as much and answer the same
 */
export function parseAnswer(text: string): number {
  const trimmed = text.trim();
  const last = trimmed.split('\n').at(-1) ?? '';
  const value = accuracyIn(trimmed) ?? accuracyIn(last);
  if (value === null) {
    throw new PermanentFailure(`an objective must answer a number or {"validationAccuracy": number}, on its last line, got ${trimmed === '' ? 'nothing' : JSON.stringify(last.slice(0, 120))}`);
  }
  if (!(value >= 0 && value <= 1)) throw new PermanentFailure(`an objective's accuracy must be a fraction in 0..1, got ${value}`);
  return value;
}

function accuracyIn(text: string): number | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value === 'object' && value !== null) value = (value as { validationAccuracy?: unknown }).validationAccuracy;
  return typeof value === 'number' ? value : null;
}
