import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { dataGet, dataList, dataVerify, type DataOptions } from '../../../../services/cli/commands/data.js';
import type { DataFile, DataSource } from '../../../../services/cli/data/sources.js';
import { ConfigError, DatasetError, TransportError } from '../../../../shared/errors.js';
import { testDataFolder } from '../../../testData.js';

/** 300,000 bytes, no two parts alike. */
const CONTENT = Buffer.from(Uint32Array.from({ length: 75_000 }, (_, i) => Math.imul(i, 0x9e3779b1)).buffer);
const SHA = createHash('sha256').update(CONTENT).digest('hex');
const PATH = 'nasbench101/file.bin';

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

/** A source whose n-th answer is `answer(n, …)`; notes the Range headers it was asked with. */
async function serve(answer: (n: number, request: IncomingMessage, response: ServerResponse) => void): Promise<{ url: string; ranges: (string | undefined)[] }> {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    answer(ranges.length - 1, request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`, ranges };
}

/** Answers as a proper source does, and breaks the connection once `limit` bytes of the body are out. */
function send(request: IncomingMessage, response: ServerResponse, limit = Infinity, content = CONTENT, etag = '"one"'): void {
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const fits = range !== null && (request.headers['if-range'] ?? etag) === etag;
  const from = fits ? Number(range[1]) : 0;
  const body = content.subarray(from);
  const headers = { 'content-length': body.length, etag };
  response.writeHead(fits ? 206 : 200, fits ? { ...headers, 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : headers);
  if (body.length <= limit) response.end(body);
  else response.write(body.subarray(0, limit), () => response.destroy());
}

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'archwalk-data-'));
interface Run {
  readonly options: DataOptions;
  readonly folder: string;
  text(): string;
}
function prepare(url: string | null, change: Partial<DataFile> = {}, json = false, folder = newFolder()): Run {
  const file: DataFile = { path: PATH, url, sizeBytes: null, about: 'small', sha256: null, ...change };
  const source: DataSource = { name: 'test', what: 'a test', licence: 'MIT', files: [file] };
  let text = '';
  const output = { write: (part: string) => void (text += part) };
  const options: DataOptions = { dataFolder: folder, json, output, errors: { write: () => undefined }, source, wait: () => Promise.resolve() };
  return { options, folder, text: () => text };
}
const failure = async (work: Promise<unknown>): Promise<Error> => (await work.then(() => new Error('nothing was thrown'), (error: unknown) => error)) as Error;
const leftovers = (folder: string): string[] => readdirSync(join(folder, 'nasbench101'));

describe('data get', () => {
  it('fetches, pins the checksum that nobody published, and leaves no partial file', async () => {
    const { url } = await serve((_, request, response) => send(request, response));
    const run = prepare(url);
    expect(await dataGet('test', run.options)).toBe(0);
    expect(readFileSync(join(run.folder, PATH)).equals(CONTENT)).toBe(true);
    expect(leftovers(run.folder)).toEqual(['file.bin']);
    expect(JSON.parse(readFileSync(join(run.folder, 'checksums.json'), 'utf8'))).toEqual({ [PATH]: SHA });
    expect(run.text()).toContain(`SHA-256 ${SHA}, pinned (no checksum of it is published)`);
  });

  it('goes on where the connection broke, again and again', async () => {
    const { url, ranges } = await serve((_, request, response) => send(request, response, 70_000));
    const run = prepare(url, { sha256: SHA });
    expect(await dataGet('test', run.options)).toBe(0);
    expect(readFileSync(join(run.folder, PATH)).equals(CONTENT)).toBe(true);
    expect(ranges[0]).toBeUndefined();
    expect(ranges.slice(1).every((range) => range !== undefined)).toBe(true);
    expect(ranges.length).toBeGreaterThanOrEqual(5);
  });

  it('gives up in clear words where nothing comes, keeps what came, and goes on in the next run', async () => {
    const { url, ranges } = await serve((n, request, response) => (n === 0 ? send(request, response, 100_000) : n < 5 ? response.destroy() : send(request, response)));
    const run = prepare(url, { sha256: SHA });
    const error = await failure(dataGet('test', run.options));
    expect(error).toBeInstanceOf(TransportError);
    expect(error.message).toMatch(/must be reachable, got: .*; \d+ bytes are kept in .*file\.bin\.partial and the next "archwalk data get" goes on from there; .*fetch http.* elsewhere and put it at .*file\.bin/);
    expect(existsSync(join(run.folder, PATH))).toBe(false);
    const before = ranges.length;
    while (ranges.length < 5) await failure(dataGet('test', run.options));
    expect(await dataGet('test', run.options)).toBe(0);
    expect(ranges[before]).toMatch(/^bytes=[1-9]\d*-$/);
    expect(readFileSync(join(run.folder, PATH)).equals(CONTENT)).toBe(true);
  });

  it('starts over where the source has another file by now', async () => {
    const other = Buffer.from(CONTENT).reverse();
    const { url } = await serve((n, request, response) => (n === 0 ? send(request, response, 90_000) : send(request, response, Infinity, other, '"two"')));
    const run = prepare(url);
    expect(await dataGet('test', run.options)).toBe(0);
    expect(readFileSync(join(run.folder, PATH)).equals(other)).toBe(true);
  });

  it('does not join halves of different lengths', async () => {
    const { url } = await serve((n, request, response) => (n === 0 ? send(request, response, 90_000) : send(request, response, Infinity, Buffer.concat([CONTENT, CONTENT]))));
    const error = await failure(dataGet('test', prepare(url).options));
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toMatch(/must still be 300000 bytes long, as when the download began, got 600000/);
  });

  it('refuses bytes from another place than asked for', async () => {
    const { url } = await serve((n, request, response) => {
      if (n === 0) return send(request, response, 90_000);
      response.writeHead(206, { 'content-range': 'bytes 7-299999/300000' });
      response.end(CONTENT.subarray(7));
    });
    expect((await failure(dataGet('test', prepare(url).options))).message).toMatch(/must answer with bytes from \d+, got Content-Range "bytes 7-/);
  });

  it('starts over after HTTP 416', async () => {
    const { url } = await serve((n, request, response) => (n === 0 ? send(request, response, 90_000) : n === 1 ? response.writeHead(416).end() : send(request, response)));
    const run = prepare(url, { sha256: SHA });
    expect(await dataGet('test', run.options)).toBe(0);
    expect(readFileSync(join(run.folder, PATH)).equals(CONTENT)).toBe(true);
  });

  it.each([
    ['another checksum', { sha256: 'a'.repeat(64) }, new RegExp(`must have SHA-256 a{64}, got ${SHA}; nothing was kept`)],
    ['another size', { sizeBytes: 5 }, /must be 5 bytes long, got 300000; nothing was kept/],
  ])('throws away a file of %s', async (_, change, message) => {
    const { url } = await serve((__, request, response) => send(request, response));
    const run = prepare(url, change);
    const error = await failure(dataGet('test', run.options));
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toMatch(message);
    expect(leftovers(run.folder)).toEqual([]);
  });

  it('says what the source answered', async () => {
    const { url } = await serve((_, __, response) => response.writeHead(404).end());
    const error = await failure(dataGet('test', prepare(url).options));
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toMatch(/must answer HTTP 200 or 206, got HTTP 404 Not Found; if this machine cannot reach the source/);
  });

  it('says where nobody listens', async () => {
    const { url } = await serve(() => undefined);
    servers.splice(0).forEach((server) => server.close());
    expect((await failure(dataGet('test', prepare(url).options))).message).toMatch(/must be reachable, got: .*ECONNREFUSED/);
  });

  it('packs what is kept packed, checked before', async () => {
    const { url } = await serve((_, request, response) => send(request, response));
    const run = prepare(url, { sha256: SHA, gzip: true }, true);
    expect(await dataGet('test', run.options)).toBe(0);
    expect(gunzipSync(readFileSync(join(run.folder, PATH))).equals(CONTENT)).toBe(true);
    expect(leftovers(run.folder)).toEqual(['file.bin']);
    expect(JSON.parse(run.text())).toMatchObject({ name: 'test', dataFolder: run.folder });
  });

  it('leaves a file alone that is there, and says what must be fetched by hand', async () => {
    const run = prepare(null, { how: 'ask the library' });
    const error = await failure(dataGet('test', run.options));
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toMatch(/must be fetched by hand: ask the library; put it at .*file\.bin/);
    mkdirSync(join(run.folder, 'nasbench101'));
    writeFileSync(join(run.folder, PATH), 'mine');
    expect(await dataGet('test', run.options)).toBe(0);
    expect(run.text()).toContain('is there already');
  });

  it('names the nearest source', async () => {
    const { source: _source, ...options } = prepare(null).options;
    const error = await failure(dataGet('nasbench10', options));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(/must be one of nasbench101, .*got "nasbench10". Did you mean "nasbench101"/);
  });
});

describe('data list', () => {
  it('names each file, its state, size, licence, checksum and source', async () => {
    const run = prepare(null, {}, true);
    mkdirSync(join(run.folder, 'nasbench101'));
    writeFileSync(join(run.folder, 'nasbench101/nasbench_only108.tfrecord.partial'), 'x');
    expect(await dataList(run.options)).toBe(0);
    const { files } = JSON.parse(run.text()) as { files: Record<string, string>[] };
    expect(files).toHaveLength(8);
    expect(files[0]).toMatchObject({ name: 'nasbench101', state: 'partly downloaded', licence: 'Apache-2.0', sha256: 'unknown until first download, then pinned in the data folder', source: 'https://storage.googleapis.com/nasbench/nasbench_only108.tfrecord' });
    const plain = prepare(null, {}, false, run.folder);
    await dataList(plain.options);
    expect(plain.text()).toMatch(/nasbench301: nasbench301\/yahpo_surrogate_v1\.onnx \(absent\)/);
  });

  it('refuses damaged pins', async () => {
    const run = prepare(null);
    writeFileSync(join(run.folder, 'checksums.json'), '[1]');
    expect((await failure(dataList(run.options))).message).toMatch(/checksums\.json must be a JSON object of checksums, got "\[1\]"/);
    const folder = newFolder();
    mkdirSync(join(folder, 'checksums.json'));
    expect((await failure(dataList(prepare(null, {}, false, folder).options))).message).toMatch(/checksums\.json must be readable/);
  });
});

describe('data verify', () => {
  it('asks for a file where there is none', async () => {
    expect((await failure(dataVerify(undefined, prepare(null).options))).message).toMatch(/must hold a file of any benchmark, found none/);
    expect(await failure(dataVerify('nasbench201', prepare(null).options))).toBeInstanceOf(ConfigError);
  });

  const folder = testDataFolder();
  it.skipIf(folder === null)('reads the real files through, and finds a flipped bit and a cut', async () => {
    const from = folder ?? '';
    const run = prepare(null, {}, true);
    const names = ['nasbench101/ecnas_energy_5V9E.tfrecord', 'nasbench101/ecnas_5v9e_4epochs.csv.gz', 'nasbench201/nasbench201_cifar10.csv.gz', 'nasbench301/yahpo_surrogate_v1.onnx'];
    for (const part of ['nasbench101', 'nasbench201', 'nasbench301']) mkdirSync(join(run.folder, part));
    for (const name of names) copyFileSync(join(from, name), join(run.folder, name));
    expect(await dataVerify(undefined, run.options)).toBe(0);
    const { files } = JSON.parse(run.text()) as { files: { file: string; good: boolean; found: string }[] };
    expect(files.map(({ file, good }) => [file, good])).toEqual(names.map((name) => [name, true]));
    expect(files[0]?.found).toMatch(/2532 cells, 1 repeats, epochs 4, every hash as it must be; SHA-256 0be8df1e/);

    const records = readFileSync(join(run.folder, names[0]!));
    records[1_000_000]! ^= 1;
    writeFileSync(join(run.folder, names[0]!), records);
    const table = readFileSync(join(run.folder, names[2]!));
    writeFileSync(join(run.folder, names[2]!), table.subarray(0, 100_000));
    const damaged = prepare(null, {}, false, run.folder);
    expect(await dataVerify(undefined, damaged.options)).toBe(2);
    expect(damaged.text()).toMatch(/BAD {2}nasbench101\/ecnas_energy_5V9E\.tfrecord: must have SHA-256 0be8df1e/);
    expect(damaged.text()).toMatch(/BAD {2}nasbench201\/nasbench201_cifar10\.csv\.gz: .*must be a whole gzip stream/);
    expect(damaged.text()).toMatch(/good nasbench301/);
    expect(await dataVerify('nasbench301', damaged.options)).toBe(0);
  });
});
