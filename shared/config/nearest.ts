/** @file "Did you mean": the nearest of the words that would have been right. */
import { closest, distance } from 'fastest-levenshtein';

/** ` Did you mean "x"?`, or an empty string where nothing is near (more than half the letters differ). */
export function didYouMean(given: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const best = closest(given, known);
  return distance(given, best) <= Math.max(2, Math.floor(best.length / 2)) ? ` Did you mean "${best}"?` : '';
}
