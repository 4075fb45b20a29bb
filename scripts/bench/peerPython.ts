/**
 * @file Runs a peer of a benchmark: a Python script of peers/ that reads a job as JSON and answers JSON. The Python is
 * ARCHWALK_PEER_PYTHON, else .deps/peers/bin/python (peers/install.sh); a benchmark whose peer is not there is reported without one.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../shared/paths.js';

/** The peers' Python, or null with a line on stderr that says how to get it. */
export function peerPython(figure: string): string | null {
  const installed = join(packageRoot, '.deps', 'peers', 'bin', 'python');
  const python = process.env['ARCHWALK_PEER_PYTHON'] ?? (existsSync(installed) ? installed : null);
  if (python === null) process.stderr.write(`${figure} is measured without its peer: scripts/bench/peers/install.sh installs it\n`);
  return python;
}

/** @returns the peer's answer @throws Error with the peer's own words if it fails */
export function runPeer(python: string, script: string, job: unknown): unknown {
  const peer = spawnSync(python, [join(packageRoot, 'scripts', 'bench', 'peers', script)], { input: JSON.stringify(job), encoding: 'utf8', maxBuffer: 1e9 });
  if (peer.status !== 0) throw new Error(`the peer ${script} must run, got: ${peer.stderr}`);
  return JSON.parse(peer.stdout) as unknown;
}
