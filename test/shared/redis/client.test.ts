import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, InvariantError, TransportError } from '../../../shared/errors.js';
import { connectRedis, isAtLeast62, RedisClient } from '../../../shared/redis/client.js';
import { runKeys } from '../../../shared/redis/keys.js';
import { redisError } from '../../../shared/redis/redisErrors.js';
import { parseRedisUrl, redactUrl } from '../../../shared/redis/redisUrl.js';
import { SCRIPT_KEYS, SCRIPT_NAMES, scriptSource } from '../../../shared/redis/scripts.js';
import { startRedis } from '../../../shared/redis/server.js';
import { prepareProgram } from '../../childProcess.js';
import { realRedis } from './realRedis.js';

const redis = realRedis();

/** A server of its own for tests that change its settings. */
async function own<T>(body: (admin: RedisClient, url: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'archwalk-own-'));
  const server = await startRedis({ url: null, folder, appendFsync: 'no' });
  const admin = await connectRedis({ url: server.url, name: 'admin' });
  try {
    return await body(admin, server.url);
  } finally {
    admin.abort();
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

const errorOf = async (promise: Promise<unknown>): Promise<unknown> => promise.then(() => expect.unreachable('it must be refused'), (error: unknown) => error);

describe('a Redis address', () => {
  it.each([
    ['redis://h', { host: 'h', port: 6379, db: 0 }],
    ['redis://', { host: '127.0.0.1', port: 6379, db: 0 }],
    ['redis://me:s%40cret@h:7/3', { host: 'h', port: 7, db: 3, username: 'me', password: 's@cret' }],
    ['redis://:only@[::1]:7', { host: '::1', port: 7, db: 0, password: 'only' }],
    ['rediss://h', { host: 'h', port: 6379, db: 0, tls: {} }],
    ['unix:///run/redis.sock', { path: '/run/redis.sock' }],
    ['/run/redis.sock', { path: '/run/redis.sock' }],
    ['sentinel://me:pw@a,b:5/main?db=2', { sentinels: [{ host: 'a', port: 26379 }, { host: 'b', port: 5 }], name: 'main', db: 2, username: 'me', password: 'pw' }],
    ['sentinel://a/main', { sentinels: [{ host: 'a', port: 26379 }], name: 'main', db: 0 }],
  ])('%s', (url, options) => expect(parseRedisUrl(url)).toEqual(options));

  it.each(['http://u:secret@h', 'nonsense', 'sentinel://a:secret@', 'redis://u:secret@h/x', 'redis://u:secret%@h', 'sentinel://u:secret@h:x/m', 'redis://u:secret@h:99999999'])('%s is refused, without its password', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(ConfigError);
    expect(() => parseRedisUrl(url)).not.toThrow(/secret/);
  });

  it('is shown without its password', () => {
    expect(redactUrl('redis://me:secret@h:1/2')).toBe('redis://me:***@h:1/2');
    expect(redactUrl('redis://:se@cret@h')).toBe('redis://:***@h');
    expect(redactUrl('unix:///a@b/redis.sock')).toBe('unix:///a@b/redis.sock');
    expect(redactUrl('redis://h')).toBe('redis://h');
  });
});

describe('errors of Redis', () => {
  it.each([
    ['LOADING Redis is loading the dataset in memory', /still loading its data/, true],
    ['MISCONF Redis is configured to save RDB snapshots', /cannot \(MISCONF\)/, true],
    ['CLUSTERDOWN The cluster is down', /failing over/, true],
    ['BUSY Redis is busy running a script', /busy with a script/, true],
    ['getaddrinfo ENOTFOUND nowhere', /must resolve/, true],
    ['ERR unknown command \'XTRIM\'', /at least 6.2/, false],
    ['connect EACCES /x', /open to this user/, false],
    ['self-signed certificate', /NODE_EXTRA_CA_CERTS/, false],
    ['something else\nwith lines', /must answer, and the connection failed \(redis:\/\/h: something else\)$/, true],
  ])('%s', (text, message, retryable) => {
    const error = redisError(new Error(text), 'redis://h');
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
    expect(error.retryable).toBe(retryable);
    expect(error).toBeInstanceOf(retryable ? TransportError : ConfigError);
  });

  it('of ours pass as they are; of a group the first counts; of a transaction the command that failed', () => {
    const ours = new InvariantError('x');
    expect(redisError(ours, '')).toBe(ours);
    expect(redisError(new AggregateError([new Error('connect ECONNREFUSED 127.0.0.1:1')]), '').message).toMatch(/nothing listens/);
    const transaction = Object.assign(new Error('EXECABORT'), { previousErrors: [new Error('OOM command not allowed')] });
    expect(redisError(transaction, '').message).toMatch(/is full \(maxmemory\)/);
    const circular = new Error('Connection is closed.');
    Object.assign(circular, { previousErrors: [circular] });
    expect(redisError(circular, '').message).toMatch(/Connection is closed/);
    expect(redisError('text', '').message).toMatch(/text/);
  });
});

describe('the client', () => {
  it('knows the server, measures a round trip, and keeps its password to itself', async () => {
    expect(isAtLeast62(redis.client.facts.version)).toBe(true);
    expect(redis.client.facts).toMatchObject({ maxmemoryPolicy: 'noeviction', maxmemoryBytes: 0, appendOnly: false });
    expect(await redis.client.pingMs()).toBeGreaterThan(0);
    const never = new RedisClient({ url: 'redis://me:secret@localhost:1', name: 'x' });
    expect(never.address).toBe('redis://me:***@localhost:1');
    expect(() => never.facts).toThrow(TransportError);
    never.abort();
  });

  it.each([['6.0.16', false], ['5.9.9', false], ['6.2.0', true], ['7.0.15', true], ['8.1', true], ['', false]])('version %s: %s', (version, ok) => expect(isAtLeast62(version)).toBe(ok));

  it('refuses a server that is too old', async () => {
    // Answers as a Redis 5 does: INFO and everything else.
    const old = createServer((socket) => {
      const info = 'redis_version:5.0.14\r\nloading:0\r\n';
      socket.on('data', (data) => {
        for (const command of data.toString().split(/^\*\d+\r\n/m).slice(1)) socket.write(/^\$4\r\ninfo/i.test(command) ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n');
      });
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    const url = `redis://127.0.0.1:${(old.address() as AddressInfo).port}`;
    const error = await errorOf(connectRedis({ url, name: 'x', connectMs: 3_000 }));
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toBe(`Redis must be at least 6.2, got 5.0.14 (${url})`);
    await new Promise((resolve) => old.close(resolve));
  });

  it('says in one line that nothing listens', async () => {
    const error = await errorOf(connectRedis({ url: 'redis://me:secret@127.0.0.1:1', name: 'x', connectMs: 200 }));
    expect(error).toBeInstanceOf(TransportError);
    expect((error as Error).message).toMatch(/^Redis must be running, and nothing listens at its address \(redis:\/\/me:\*\*\*@127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1\)$/);
    const missing = await errorOf(connectRedis({ url: 'unix:///nowhere/redis.sock', name: 'x', connectMs: 200 }));
    expect((missing as Error).message).toMatch(/nothing listens/);
  });

  it('logs in as an ACL user, and says at once what is wrong with a login', async () => {
    await own(async (admin, url) => {
      const path = url.slice('unix://'.length);
      await admin.run((r) => r.call('ACL', 'SETUSER', 'walker', 'on', '>pw', '~{archwalk:*}*', '&{archwalk:*}*', '+@all', '-@dangerous', '+info'));
      await admin.run((r) => r.call('ACL', 'SETUSER', 'default', 'on', 'resetpass', '>admin'));
      // Over the socket ioredis takes user and password from the options only, so the URL forms go over TCP.
      const port = await freePort();
      await admin.run((r) => r.config('SET', 'port', String(port)));
      expect(path).toMatch(/redis.sock$/);
      const at = `127.0.0.1:${port}`;
      const walker = await connectRedis({ url: `redis://walker:pw@${at}`, name: 'walker' });
      await walker.run((r) => r.set('{archwalk:x}:a', 1));
      const outside = await errorOf(walker.run((r) => r.set('other', 1)));
      expect(outside).toBeInstanceOf(ConfigError);
      expect((outside as Error).message).toMatch(/must be allowed archwalk's commands and keys/);
      await walker.close();
      const wrong = await errorOf(connectRedis({ url: `redis://walker:secret@${at}`, name: 'x' }));
      expect(wrong).toBeInstanceOf(ConfigError);
      expect((wrong as Error).message).toMatch(/refused the user and password/);
      expect((wrong as Error).message).not.toMatch(/secret/);
      const none = await errorOf(connectRedis({ url: `redis://${at}`, name: 'x' }));
      expect((none as Error).message).toMatch(/asks for a password: write it into REDIS_URL/);
    });
  });

  it('says that Redis is full, and works again with room', async () => {
    await own(async (admin) => {
      await admin.run((r) => r.config('SET', 'maxmemory', '1'));
      const error = await errorOf(admin.run((r) => r.set('a', 'b')));
      expect(error).toBeInstanceOf(TransportError);
      expect((error as Error).message).toMatch(/is full \(maxmemory\): give it more, or lower redis.streamTransitions/);
      expect((await errorOf(admin.transaction((m) => m.set('a', 'b'))) as Error).message).toMatch(/is full/);
      await admin.run((r) => r.config('SET', 'maxmemory', '0'));
      await admin.transaction((m) => m.set('a', 'b'));
      // A command that fails only when it runs fails the transaction as well.
      expect((await errorOf(admin.transaction((m) => m.lpush('a', 'x'))) as Error).message).toMatch(/holds something that is not archwalk's/);
    });
  });

  it('says that Redis is a read-only replica', async () => {
    await own(async (admin) => {
      await admin.run((r) => r.call('REPLICAOF', '127.0.0.1', '1'));
      const error = await errorOf(admin.run((r) => r.set('a', 'b')));
      expect(error).toBeInstanceOf(TransportError);
      expect((error as Error).message).toMatch(/read-only replica: point REDIS_URL at the primary/);
    });
  });

  it('speaks TLS, and refuses a certificate that it cannot check', async ({ skip }) => {
    await own(async (admin) => {
      const folder = ((await admin.run((r) => r.config('GET', 'dir'))) as [string, string])[1];
      const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', certificate, '-days', '1', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
      const port = await freePort();
      try {
        await admin.run((r) => r.call('CONFIG', 'SET', 'tls-auth-clients', 'no', 'tls-ca-cert-file', certificate, 'tls-cert-file', certificate, 'tls-key-file', key, 'tls-port', String(port)));
      } catch {
        skip('this redis-server was built without TLS (or sets one option at a time: 6.2)');
      }
      const url = `rediss://127.0.0.1:${port}`;
      const error = await errorOf(connectRedis({ url, name: 'x', connectMs: 3_000 }));
      expect((error as Error).message).toMatch(/the TLS connection to Redis failed/);
      const program = prepareProgram('test/shared/redis/pinger.ts');
      const child = program.start({ NODE_EXTRA_CA_CERTS: certificate }, url);
      expect(await new Promise((resolve) => child.once('message', resolve))).toBe('PONG');
      program.remove();
    });
  });

  it('comes back after its connection was cut, resends, and says so', async () => {
    const events: string[] = [];
    const client = await connectRedis({ url: redis.url, name: 'cut', onEvent: (line) => events.push(line) });
    let back = 0;
    client.onReconnect(() => back++);
    const keys = redis.keys();
    await redis.client.run((r) => r.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
    await client.run((r) => r.set(`${keys.prefix}a`, 'b'));
    expect(client.reconnects).toBe(1);
    expect(back).toBe(1);
    expect(events).toEqual([expect.stringMatching(/was lost .* trying again$/), expect.stringMatching(/^Redis is back/)]);
    await client.close();
    expect(events.length).toBe(2);
    expect(await errorOf(client.run((r) => r.ping()))).toBeInstanceOf(TransportError);
  });
});

describe('keys and scripts', () => {
  it('lie in one hash slot a run', async () => {
    const keys = runKeys('my.run-1');
    const names = Object.values(keys).filter((key): key is string => typeof key === 'string' && key !== keys.run);
    names.push(keys.weightChunks(1, 2), keys.status('actor', '3'));
    expect(names.every((key) => key.startsWith('{archwalk:my.run-1}:'))).toBe(true);
    expect(() => runKeys('a}b')).toThrow(ConfigError);
    expect(() => runKeys('')).toThrow(/1 to 64 letters/);
  });

  it.each(SCRIPT_NAMES)('%s states its contract and uses the keys it says', (name) => {
    const source = scriptSource(name);
    const [, header = '', body = ''] = /^--\[\[\n([\s\S]*?)\]\]\n([\s\S]*)$/.exec(source) ?? [];
    for (const word of ['KEYS 1', 'ARGV 1', 'Returns']) expect(header).toContain(word);
    const [, unpacked] = /^local ([\w, ]+) = unpack\(KEYS\)$/m.exec(body) ?? [];
    const used = unpacked === undefined ? new Set(body.match(/KEYS\[\d\]/g)).size : unpacked.split(',').length;
    expect(used).toBe(SCRIPT_KEYS[name]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
