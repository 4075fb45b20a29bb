/**
 * @file An objective that is a command: the architecture's JSON on its stdin, the accuracy on its stdout. Each attempt runs in a process
 * group and a folder of its own (input.json, output, errors, claim, status), and writes its own outcome there. So an evaluation outlives the
 * search that started it: when the search is killed and started again, it adopts what still runs and reads what has finished.
 *
 * `claim` is a symbolic link to the running shell's process id, made in one step: whoever fails to make it leaves at once, so an
 * attempt never runs twice, wherever a kill falls.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Evaluation, Objective } from '../search/searchObjective.js';
import { parseAnswer } from './answer.js';
import { withRetries, type ObjectiveLimits } from './retry.js';

/** $0 the attempt's folder, $1 the user's command. */
const RUN = 'ln -s "$$" "$0/claim" 2>/dev/null || exit 0; sh -c "$1" < "$0/input.json" > "$0/output" 2> "$0/errors"; echo $? > "$0/status.tmp"; mv "$0/status.tmp" "$0/status"';
/** Between looks at an attempt that an earlier process started: it is no child of ours, so nothing tells us its end. */
const ADOPTED_POLL_MS = 100;
/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 5_000;
/** Longest part of stderr that is read into a message. */
const SHOWN = 200;

type Outcome = 'finished' | 'timed out' | 'gone';

export class CommandObjective implements Objective {
  readonly #command: string;
  readonly #folder: string;
  readonly #limits: ObjectiveLimits;

  /** @param folder where attempts keep their files, absolute; made if absent */
  constructor(command: string, folder: string, limits: ObjectiveLimits) {
    this.#command = command;
    this.#folder = folder;
    this.#limits = limits;
    mkdirSync(folder, { recursive: true });
  }

  evaluate(evaluation: Evaluation, signal: AbortSignal): Promise<number> {
    return withRetries(this.#limits, `query ${evaluation.query}`, signal, () => this.#attempt(evaluation, signal));
  }

  /** Removes the files of an evaluation whose answer is kept elsewhere. */
  settled({ query }: Evaluation): void {
    for (const number of this.#attempts(query)) rmSync(this.#attemptFolder(query, number), { recursive: true, force: true });
  }

  async #attempt(evaluation: Evaluation, signal: AbortSignal): Promise<number> {
    const folder = this.#openFolder(evaluation);
    if (!existsSync(join(folder, 'status'))) {
      const outcome = await this.#run(folder, signal);
      signal.throwIfAborted();
      if (outcome === 'timed out') throw new Error(`no answer within ${this.#limits.timeoutMs} ms`);
      if (outcome === 'gone') throw new Error('it was killed before it answered');
    }
    const status = readFileSync(join(folder, 'status'), 'utf8').trim();
    try {
      if (status !== '0') throw new Error(`exit code ${status}: ${lastLine(join(folder, 'errors'))}`);
      return parseAnswer(readFileSync(join(folder, 'output'), 'utf8'));
    } catch (error) {
      writeFileSync(join(folder, 'failed'), '');
      throw error;
    }
  }

  /** The newest attempt's folder if it still runs or has finished unread, else a new one's. */
  #openFolder({ query, architecture }: Evaluation): string {
    const newest = this.#attempts(query).at(-1) ?? 0;
    const current = this.#attemptFolder(query, newest);
    if (newest > 0 && !existsSync(join(current, 'failed')) && (existsSync(join(current, 'status')) || isRunning(current) || !isClaimed(current))) {
      if (existsSync(join(current, 'input.json'))) return current;
    }
    const folder = this.#attemptFolder(query, newest + 1);
    mkdirSync(folder);
    writeFileSync(join(folder, 'input.tmp'), `${JSON.stringify(architecture)}\n`);
    renameSync(join(folder, 'input.tmp'), join(folder, 'input.json'));
    return folder;
  }

  async #run(folder: string, signal: AbortSignal): Promise<Outcome> {
    const deadline = AbortSignal.timeout(this.#limits.timeoutMs);
    const ended = AbortSignal.any([signal, deadline]);
    if (!isRunning(folder)) await this.#spawn(folder, ended);
    while (isRunning(folder) && !ended.aborted) await pause(ADOPTED_POLL_MS, undefined, { signal: ended }).catch(() => undefined);
    if (existsSync(join(folder, 'status'))) return 'finished';
    await stopGroup(folder);
    return deadline.aborted ? 'timed out' : 'gone';
  }

  /** Starts the attempt; resolves when its shell has ended or `ended` fires. */
  async #spawn(folder: string, ended: AbortSignal): Promise<void> {
    const child = spawn('/bin/sh', ['-c', RUN, folder, this.#command], { detached: true, stdio: 'ignore' });
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => { resolve(); });
      child.once('error', reject);
      if (ended.aborted) resolve();
      ended.addEventListener('abort', () => { resolve(); }, { once: true });
    });
  }

  /** Numbers of a query's attempts, ascending. */
  #attempts(query: number): number[] {
    const prefix = `${query}-`;
    return readdirSync(this.#folder).filter((name) => name.startsWith(prefix)).map((name) => Number(name.slice(prefix.length))).sort((a, b) => a - b);
  }

  #attemptFolder(query: number, number: number): string {
    return join(this.#folder, `${query}-${number}`);
  }
}

function isClaimed(folder: string): boolean {
  return claimant(folder) !== null;
}

/** Process id of the shell that runs or ran the attempt. */
function claimant(folder: string): number | null {
  try {
    return Number(readlinkSync(join(folder, 'claim')));
  } catch {
    return null;
  }
}

/** True while the shell that claimed the attempt lives: its id may have gone to another process, so its command line must name the folder. */
function isRunning(folder: string): boolean {
  const pid = claimant(folder);
  if (pid === null) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(folder);
  } catch {
    return false;
  }
}

/** Ends the attempt's whole process group, by force after a while. */
async function stopGroup(folder: string): Promise<void> {
  const pid = claimant(folder);
  if (pid === null || !isRunning(folder)) return;
  signalGroup(pid, 'SIGTERM');
  for (let waited = 0; signalGroup(pid, 0); waited += ADOPTED_POLL_MS) {
    if (waited >= GRACE_MS) signalGroup(pid, 'SIGKILL');
    await pause(ADOPTED_POLL_MS);
  }
}

/** @returns false once no process of the group is left */
function signalGroup(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, name);
    return true;
  } catch {
    return false;
  }
}

function lastLine(path: string): string {
  return readFileSync(path, 'utf8').trim().split('\n').at(-1)?.slice(0, SHOWN) ?? '';
}
