import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckpointStore } from '../../../shared/checkpoint/checkpointStore.js';
import { differingKeys, parseManifest, sha256 } from '../../../shared/checkpoint/manifest.js';
import { CheckpointError, InvariantError } from '../../../shared/errors.js';
import { Rng } from '../../../shared/rng.js';
import { prepareProgram } from '../../childProcess.js';
import { mutate } from '../wire/mutate.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'archwalk-checkpoints-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const config = { learner: { batchSize: 128, optimizer: 'adam' }, mdp: { gamma: 0.9 } };
const store = (keep = 3, configHash = 'c0ffee', now: Record<string, unknown> = config): CheckpointStore => new CheckpointStore({ folder, keep, identity: { configHash, config: now } });
const parts = (fill: number): { name: string; content: Uint8Array }[] => [
  { name: 'online.safetensors', content: new Uint8Array(100).fill(fill) },
  { name: 'replay.bin', content: new Uint8Array(300).fill(fill) },
];
const never = (line: string): void => expect.unreachable(line);

describe('checkpoints', () => {
  it('give back state and files', async () => {
    const path = await store().write(2, 50, { rng: [1, 2, 3, 4], position: '5-0' }, [
      { name: 'a.bin', content: Uint8Array.of(1, 2, 3) },
      { name: 'replay.bin', content: (function* () { yield Uint8Array.of(4); yield Uint8Array.of(5, 6); })() },
    ]);
    expect(path).toBe(join(folder, '2-50'));
    const loaded = await store().loadNewest(never);
    expect(loaded).toMatchObject({ path, token: 2, step: 50, state: { rng: [1, 2, 3, 4], position: '5-0' } });
    expect([...(loaded?.file('a.bin') ?? [])]).toEqual([1, 2, 3]);
    expect([...(loaded?.file('replay.bin') ?? [])]).toEqual([4, 5, 6]);
    expect(() => loaded?.file('b.bin')).toThrow(/must hold b.bin, and does not/);
    // The checksums can be checked by hand.
    expect(execFileSync('sha256sum', ['-c', 'manifest.sha256'], { cwd: path, encoding: 'utf8' })).toBe('manifest.json: OK\n');
  });

  it('are none in a new run', async () => {
    expect(await store().loadNewest(never)).toBeNull();
    expect(await store().highestToken()).toBe(0);
    rmSync(folder, { recursive: true });
    expect(await store().loadNewest(never)).toBeNull();
  });

  it('keep the newest K; highest token first, then step, whatever the order of writing', async () => {
    for (const [token, step] of [[1, 900], [2, 20], [2, 100], [1, 950], [2, 30]] as const) await store().write(token, step, {}, parts(step % 256));
    expect((await store().list()).map((p) => p.slice(folder.length + 1))).toEqual(['2-100', '2-30', '2-20']);
    expect(await store().highestToken()).toBe(2);
    expect((await store().loadNewest(never))?.step).toBe(100);
  });

  it('never replace one of the same step', async () => {
    await store().write(1, 5, { n: 1 }, parts(1));
    expect(await store().write(1, 5, { n: 2 }, parts(2))).toBe(join(folder, '1-5.2'));
    await store().write(1, 5, { n: 3 }, parts(3));
    expect((await store().loadNewest(never))?.state).toEqual({ n: 3 });
  });

  it.each([
    ['a flipped bit', (path: string) => writeFileSync(join(path, 'replay.bin'), new Uint8Array(300).fill(9, 7, 8)), /replay.bin must have the SHA-256 in its manifest/],
    ['a file cut short', (path: string) => truncateSync(join(path, 'replay.bin'), 299), /replay.bin must be 300 bytes, got 299/],
    ['a file that grew', (path: string) => appendFileSync(join(path, 'replay.bin'), 'x'), /replay.bin must be 300 bytes, got 301/],
    ['a missing file', (path: string) => rmSync(join(path, 'online.safetensors')), /online.safetensors must be 100 bytes, and is missing/],
    ['a changed manifest', (path: string) => appendFileSync(join(path, 'manifest.json'), ' '), /manifest must have the SHA-256/],
    ['no manifest', (path: string) => rmSync(join(path, 'manifest.json')), /manifest must be readable/],
    ['another\'s manifest', (path: string) => {
      for (const name of ['manifest.json', 'manifest.sha256']) writeFileSync(join(path, name), readFileSync(join(path, '..', '1-10', name)));
    }, /must be of 1-20, and is of 1-10/],
  ])('pass over one with %s, loudly', async (_, damage, message) => {
    await store().write(1, 10, {}, parts(1));
    damage(await store().write(1, 20, {}, parts(2)));
    const lines: string[] = [];
    expect((await store().loadNewest((line) => lines.push(line)))?.step).toBe(10);
    expect(lines.length).toBe(1);
    expect(lines[0]).toMatch(message);
    expect(lines[0]).toMatch(/^checkpoint .*1-20 is damaged and passed over/);
  });

  it('refuse to begin anew where all are damaged', async () => {
    truncateSync(join(await store().write(1, 10, {}, parts(1)), 'replay.bin'), 0);
    truncateSync(join(await store().write(1, 20, {}, parts(1)), 'replay.bin'), 0);
    const lines: string[] = [];
    await expect(store().loadNewest((line) => lines.push(line))).rejects.toThrow(/all 2 in .* are damaged/);
    expect(lines.length).toBe(2);
  });

  it('refuse another configuration and name the settings', async () => {
    await store().write(1, 10, {}, parts(1));
    const now = { learner: { batchSize: 256, optimizer: 'adam' }, mdp: { gamma: 0.9, nSteps: 3 } };
    await expect(store(3, 'other', now).loadNewest(never)).rejects.toThrow(/differs in: learner.batchSize 128, now 256; mdp.nSteps absent, now 3$/);
    await expect(store(3, 'other').loadNewest(never)).rejects.toThrow(/differs in: hash c0ffee, now other$/);
    const many = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`key${i}`, i]));
    await expect(store(3, 'other', many).loadNewest(never)).rejects.toThrow(/and 4 more$/);
    await expect(store(3, 'other', many).loadNewest(never)).rejects.toThrow(CheckpointError);
  });

  it('refuse file names that leave their folder, names twice, and two at a time', async () => {
    for (const name of ['../x', 'a/b', '', '.x', 'manifest.json']) await expect(store().write(1, 1, {}, [{ name, content: new Uint8Array(1) }])).rejects.toThrow(InvariantError);
    await expect(store().write(1, 1, {}, [...parts(1), ...parts(2)])).rejects.toThrow(/plain name of its own, got "online.safetensors"/);
    const one = store();
    const first = one.write(1, 1, {}, parts(1));
    await expect(one.write(1, 2, {}, parts(1))).rejects.toThrow(/before the next is begun/);
    await first;
    expect(readdirSync(folder)).toEqual(['1-1']);
  });

  it('clear away what a killed learner left, but nothing of a later one', async () => {
    mkdirSync(join(folder, '.writing-3-10-99'));
    mkdirSync(join(folder, '.writing-5-10-99'));
    await store().write(4, 1, {}, parts(1));
    expect(readdirSync(folder).sort()).toEqual(['.writing-5-10-99', '4-1']);
  });

  it('leave nothing behind, and the old ones whole, when a piece cannot be made', async () => {
    await store().write(1, 10, {}, parts(1));
    const broken = (function* () { yield new Uint8Array(10); throw new InvariantError('no more'); })();
    await expect(store().write(1, 20, {}, [{ name: 'replay.bin', content: broken }])).rejects.toThrow('no more');
    expect(readdirSync(folder)).toEqual(['1-10']);
  });

  it('say so in one line where the folder cannot be made', async () => {
    writeFileSync(join(folder, 'file'), '');
    const blocked = new CheckpointStore({ folder: join(folder, 'file', 'checkpoints'), keep: 1, identity: { configHash: 'x', config } });
    await expect(blocked.write(1, 1, {}, parts(1))).rejects.toThrow(/must be written to .*, and cannot \(ENOTDIR\)/);
  });

  it('survive a full disk: the error says so, the old ones stay, and writing works again with room', async ({ skip }) => {
    const small = join(folder, 'small');
    mkdirSync(small);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small], { stdio: 'ignore' });
    } catch {
      skip('a full disk is a 256 KB tmpfs here, and mounting one needs root');
    }
    try {
      const full = new CheckpointStore({ folder: small, keep: 2, identity: { configHash: 'c0ffee', config } });
      await full.write(1, 10, {}, parts(1));
      await expect(full.write(1, 20, {}, [{ name: 'replay.bin', content: new Uint8Array(500_000) }])).rejects.toThrow(/needs room in .*, and the disk is full/);
      expect(readdirSync(small)).toEqual(['1-10']);
      expect((await full.loadNewest(never))?.step).toBe(10);
      await full.write(1, 20, {}, parts(2));
      expect((await full.loadNewest(never))?.step).toBe(20);
    } finally {
      execFileSync('umount', [small]);
    }
  });

  it('are whole or absent when their writer is killed at any moment', async () => {
    const program = prepareProgram('test/shared/checkpoint/writer.ts');
    const rng = new Rng(3);
    for (let kill = 0; kill < 8; kill++) {
      const writer = program.start({}, folder);
      let done = 0;
      writer.on('message', (message: { done?: number }) => (done = message.done ?? done));
      const target = 1 + rng.int(3);
      await new Promise<void>((resolve) => {
        writer.on('message', (message: { begun?: number }) => {
          // Killed in the course of step `target`: between 0 and 3 turns of our event loop after it began.
          if (message.begun !== target) return;
          const turns = rng.int(4);
          const turn = (left: number): void => void (left === 0 ? resolve() : setImmediate(() => turn(left - 1)));
          turn(turns);
        });
      });
      writer.kill('SIGKILL');
      await once(writer, 'exit');
      const loaded = await store(3).loadNewest(never);
      if (loaded !== null) {
        expect(loaded.state).toEqual({ step: loaded.step });
        expect(loaded.file('replay.bin').length).toBe(300_000);
        expect(loaded.file('replay.bin').every((byte) => byte === loaded.step % 256)).toBe(true);
      }
      expect(loaded?.step ?? 0).toBeGreaterThanOrEqual(done);
    }
    await store(3).write(7, 1_000, {}, parts(1));
    expect(readdirSync(folder).filter((name) => name.startsWith('.writing'))).toEqual([]);
    program.remove();
  });

  it('leave the event loop free while 50 MB are written', async () => {
    const piece = new Uint8Array(1_000_000);
    let longestMs = 0;
    let last = performance.now();
    let done = false;
    const beat = (): void => {
      longestMs = Math.max(longestMs, performance.now() - last);
      last = performance.now();
      if (!done) setImmediate(beat);
    };
    beat();
    await store().write(1, 1, {}, [{ name: 'replay.bin', content: (function* () { for (let i = 0; i < 50; i++) yield piece; })() }]);
    done = true;
    expect(longestMs).toBeLessThan(250);
  });

  it('keep out readers without permission, with their own error', async ({ skip }) => {
    if (process.getuid?.() === 0) skip('root may read everything');
    chmodSync(join(await store().write(1, 1, {}, parts(1)), 'manifest.json'), 0);
    await expect(store().loadNewest(never)).rejects.toThrow(/EACCES/);
    expect(existsSync(folder)).toBe(true);
  });
});

describe('a manifest', () => {
  const text = (body: unknown): string => JSON.stringify(body);
  const whole = { format: 1, token: 1, step: 2, configHash: 'x', config: {}, files: { 'a.bin': { bytes: 1, sha256: 'y' } }, state: null };
  const parse = (body: unknown): unknown => parseManifest(text(body), sha256(text(body)));

  it('is what it was', () => expect(parse(whole)).toEqual(whole));

  it.each([
    ['another format', { ...whole, format: 2 }, /format must be 1, got 2/],
    ['no object', [], /format must be 1, got null/],
    ['no token', { ...whole, token: -1 }, /must hold token, step/],
    ['a file outside', { ...whole, files: { '../a': { bytes: 1, sha256: 'y' } } }, /plain names with bytes and sha256, got "..\/a"/],
    ['a length that is none', { ...whole, files: { a: { bytes: -1, sha256: 'y' } } }, /plain names/],
  ])('is refused with %s', (_, body, message) => expect(() => parse(body)).toThrow(message));

  it('is refused where it is no JSON though its checksum holds', () => expect(() => parseManifest('{', sha256('{'))).toThrow(/must be JSON/));

  it('survives mutations, with a checksum that holds', () => {
    const rng = new Rng(9);
    const rounds = Number(process.env['ARCHWALK_FUZZ_ROUNDS'] ?? 2_000);
    for (let i = 0; i < rounds; i++) {
      const damaged = mutate(Buffer.from(text(whole)), rng).toString('utf8');
      try {
        if (parseManifest(damaged, sha256(damaged)).format !== 1) expect.unreachable('another format passed');
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw error;
      }
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('compares settings own by own, even where a key is __proto__', () => {
    expect(differingKeys(JSON.parse('{"__proto__":1}'), {})).toEqual(['__proto__ 1, now absent']);
  });
});
