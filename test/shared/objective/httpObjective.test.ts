import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpObjective } from '../../../shared/objective/httpObjective.js';

const evaluation = { query: 4, id: 'toy-7', architecture: { toy: 7 } };
const never = new AbortController().signal;
let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

interface Seen {
  readonly body: string;
  readonly key: string | undefined;
  readonly method: string | undefined;
}

async function serve(answer: (response: ServerResponse, call: number) => void): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const part of request) body += String(part);
    seen.push({ body, key: request.headers['idempotency-key'] as string | undefined, method: request.method });
    answer(response, seen.length);
  };
  const own = createServer((request, response) => void handle(request, response));
  server = own;
  await new Promise<void>((resolve) => { own.listen(0, '127.0.0.1', resolve); });
  return { url: `http://127.0.0.1:${(own.address() as AddressInfo).port}/`, seen };
}

const objective = (url: string, limits = {}): HttpObjective => new HttpObjective(url, 'search-a', { timeoutMs: 10_000, retries: 2, retryPauseMs: 1, ...limits });

describe('HttpObjective', () => {
  it('posts the architecture and reads the accuracy', async () => {
    const { url, seen } = await serve((response) => response.end('{"validationAccuracy": 0.91}'));
    expect(await objective(url).evaluate(evaluation, never)).toBe(0.91);
    expect(seen).toEqual([{ body: '{"toy":7}', key: 'search-a-4', method: 'POST' }]);
  });

  it.each([500, 503, 429, 408])('tries again after %i, with the same key', async (status) => {
    const { url, seen } = await serve((response, call) => { response.statusCode = call === 1 ? status : 200; response.end('0.8'); });
    expect(await objective(url).evaluate(evaluation, never)).toBe(0.8);
    expect(seen.map(({ key }) => key)).toEqual(['search-a-4', 'search-a-4']);
  });

  it('tries again when the connection breaks', async () => {
    const { url } = await serve((response, call) => { if (call === 1) response.destroy(); else response.end('0.3'); });
    expect(await objective(url).evaluate(evaluation, never)).toBe(0.3);
  });

  it('does not repeat what the service refuses, and shows what it said', async () => {
    const { url, seen } = await serve((response) => { response.statusCode = 422; response.end('too many parameters'); });
    await expect(objective(url).evaluate(evaluation, never)).rejects.toThrow('failed once, last: http');
    await expect(objective(url).evaluate(evaluation, never)).rejects.toThrow('answered 422: too many parameters');
    expect(seen).toHaveLength(2);
  });

  it('gives up on a service that is not there', async () => {
    await expect(objective('http://127.0.0.1:9/', { retries: 1 }).evaluate(evaluation, never)).rejects.toThrow(/failed 2 times, last: http:\/\/127.0.0.1:9\/ could not be reached \(/);
  });

  it('waits no longer than it may', async () => {
    const { url } = await serve(() => undefined);
    await expect(objective(url, { retries: 0, timeoutMs: 200 }).evaluate(evaluation, never)).rejects.toThrow('within 200 ms');
  });

  it('stops when told to', async () => {
    const controller = new AbortController();
    const { url } = await serve(() => { controller.abort(new Error('interrupted')); });
    await expect(objective(url).evaluate(evaluation, controller.signal)).rejects.toThrow('interrupted');
  });
});
