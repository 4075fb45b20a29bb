/** @file Values of flags: checked as they are read (commander prints the requirement with the flag's name before it), and as assignments of configuration keys. */
import { InvalidArgumentError } from 'commander';

/** A whole number of at least `least`. */
export const wholeNumber = (least: number) => (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) throw new InvalidArgumentError(`it must be a whole number of at least ${least}.`);
  return value;
};

/** A real number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('it must be a number above 0.');
  return value;
}

/** For flags that may be repeated. */
export const collect = (value: string, before: readonly string[]): string[] => [...before, value];

/** Flags that were given, as `key=value` assignments of their configuration keys. */
export function assignmentsFrom(flags: readonly (readonly [key: string, value: unknown])[]): string[] {
  return flags.filter(([, value]) => value !== undefined).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
}
