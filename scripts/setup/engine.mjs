/**
 * @file Step: archwalk's own addon and custom operations, by buildEngine.mjs beside this file. They make the engine faster; without
 * them the composed route computes the same numbers, so a failure here is one warning, not the end of set-up.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execute, say, tellingLine, withHeartbeat } from './step.mjs';

const NAME = 'engine';

/** Builds archwalk's addon and operations where this checkout has their builder. */
export async function buildEngine() {
  const builder = join(import.meta.dirname, 'buildEngine.mjs');
  if (!existsSync(builder)) return;
  const result = await withHeartbeat(NAME, execute(process.execPath, [builder]));
  if (result.code === 0) return say(NAME, result.stdout.trim().split('\n').at(-1) || 'done');
  say(NAME, `warning: the composed route will be used, it is slower; the custom operations do not build: ${tellingLine(result)}`);
}
