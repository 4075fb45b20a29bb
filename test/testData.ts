/** @file Where the real benchmark data for tests lies; tests that need it skip loudly without it, and in CI fail instead. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../shared/paths.js';

/** The folder with the layout of ARCHWALK_DATA, or null (with one loud line) where it is absent. In CI its absence is an error. */
export function testDataFolder(): string | null {
  const folder = process.env['ARCHWALK_TEST_DATA'] ?? join(packageRoot, '..', 'shared', 'data');
  if (existsSync(folder)) return folder;
  const line = `the tests' benchmark data must lie in ARCHWALK_TEST_DATA or ../shared/data, not found at ${folder}`;
  if (process.env['CI'] === 'true') throw new Error(line);
  console.warn(`SKIPPED: ${line}`);
  return null;
}
