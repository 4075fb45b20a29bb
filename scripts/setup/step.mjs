/**
 * @file What every set-up step is made of: progress lines, stamps that remember what a step was made from, and child
 * processes whose failure becomes one line. Plain JavaScript on Node's own modules: it runs before `npm ci`.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's root. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Set-up's folder: everything downloaded or compiled, apart from node_modules and dist. */
export const deps = join(root, '.deps');

/** A failure that one line explains: what is missing and how to get it. */
export class SetupError extends Error {}

/** One progress line on stderr: `setup  tensorflow  what`. */
export function say(step, what) {
  process.stderr.write(`setup  ${step.padEnd(12)} ${what}\n`);
}

/** SHA-256 over the parts, each a string or a Buffer, with their lengths, so that no two lists collide. */
export function digest(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

/** SHA-256 of a file beside this one or at an absolute path. */
export function fileDigest(path) {
  return digest(readFileSync(path));
}

const stampPath = (name) => join(deps, 'stamps', name);

/** What the step was last made from, or '' where it never was. */
export function readStamp(name) {
  return existsSync(stampPath(name)) ? readFileSync(stampPath(name), 'utf8') : '';
}

/** Remembers what the step was made from, written whole or not at all. */
export function writeStamp(name, value) {
  mkdirSync(dirname(stampPath(name)), { recursive: true });
  writeFileSync(`${stampPath(name)}.partial`, value);
  renameSync(`${stampPath(name)}.partial`, stampPath(name));
}

/**
 * Runs a program and resolves with its output; stdin is closed.
 *
 * @returns {Promise<{code: number, stdout: string, stderr: string}>} `code` is 127 where the program does not exist
 */
export function execute(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', (error) => resolve({ code: error.code === 'ENOENT' ? 127 : 126, stdout, stderr: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 128, stdout, stderr }));
  });
}

const secondsSince = (began) => `${((performance.now() - began) / 1000).toFixed(0)} s`;

/** Says every 30 seconds that a step is still at work, until the promise settles. */
export async function withHeartbeat(step, promise) {
  const began = performance.now();
  const heartbeat = setInterval(() => say(step, `… ${secondsSince(began)}`), 30_000);
  try {
    return await promise;
  } finally {
    clearInterval(heartbeat);
  }
}

/** Says that a long step begins, that it is still at work, and how long it took. */
export async function timed(step, what, promise) {
  const began = performance.now();
  say(step, `${what} …`);
  const value = await withHeartbeat(step, promise);
  say(step, `done in ${secondsSince(began)}: ${what}`);
  return value;
}

/** The line of a failed program's output that says most: the first with "error", else the last one. */
export function tellingLine({ stdout, stderr }) {
  const lines = `${stderr}\n${stdout}`.split('\n').map((line) => line.trim()).filter(Boolean);
  return lines.find((line) => /\berror\b/i.test(line)) ?? lines.at(-1) ?? 'no output';
}
