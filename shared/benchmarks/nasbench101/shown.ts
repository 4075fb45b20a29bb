/** @file A value as a complaint shows it: JSON, cut short, one line. */

const LONGEST = 120;

/** JSON of `value`, at most 120 characters of it; "nothing" where there is none. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  const text = JSON.stringify(value);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}
