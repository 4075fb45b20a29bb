/**
 * @file Redis addresses: `redis://[user:password@]host[:port][/db]`, `rediss://…` for TLS, `unix:///path/to.sock` or a bare
 * path, `sentinel://[user:password@]host:port,host:port/master-name[?db=0]`. A password is never part of a message.
 */
import type { RedisOptions as LibraryOptions } from 'ioredis';
import { ConfigError } from '../errors.js';

type RedisOptions = Omit<LibraryOptions, 'replyMapping'>;

const FORMS = 'redis://[user:password@]host[:port][/db], rediss://…, unix:///path or sentinel://[user:password@]host:port,host:port/master';

/**
 * Connection options for an address.
 * @throws ConfigError naming the forms, without the address's password
 */
export function parseRedisUrl(url: string): RedisOptions {
  if (url.startsWith('/')) return { path: url };
  if (url.startsWith('unix://')) return { path: url.slice('unix://'.length) };
  if (url.startsWith('sentinel://')) return parseSentinels(url);
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new ConfigError(`REDIS_URL must be one of ${FORMS}, got ${redactUrl(url)}`);
  }
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') throw new ConfigError(`REDIS_URL must be one of ${FORMS}, got ${redactUrl(url)}`);
  return {
    host: parsed.hostname === '' ? '127.0.0.1' : parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? 6379 : Number(parsed.port),
    db: databaseIn(parsed.pathname.slice(1), url),
    ...credentials(parsed.username, parsed.password),
    ...(parsed.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

function parseSentinels(url: string): RedisOptions {
  const match = /^sentinel:\/\/(?:([^:@/]*):([^@/]*)@)?([^/@]+)\/([^/?]+)(?:\?db=(\d+))?$/.exec(url);
  if (match === null) throw new ConfigError(`REDIS_URL must be one of ${FORMS}, got ${redactUrl(url)}`);
  const [, user = '', password = '', hosts = '', name = '', db = ''] = match;
  const sentinels = hosts.split(',').map((entry) => {
    const [host = '', port = '26379'] = entry.split(':');
    if (host === '' || !/^\d+$/.test(port)) throw new ConfigError(`a sentinel must be host:port, got ${entry}`);
    return { host, port: Number(port) };
  });
  return { sentinels, name, db: databaseIn(db, url), ...credentials(user, password) };
}

function databaseIn(text: string, url: string): number {
  if (!/^\d{0,5}$/.test(text)) throw new ConfigError(`a Redis database must be a number, got ${redactUrl(url)}`);
  return Number(text);
}

function credentials(username: string, password: string): RedisOptions {
  try {
    return {
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    };
  } catch {
    throw new ConfigError('the user and password in REDIS_URL must be percent-encoded');
  }
}

/** The address with its password replaced by ***, fit for a log. */
export function redactUrl(url: string): string {
  return url.replace(/^([a-z+]+:\/\/)?([^/]*)@/i, (_, scheme: string | undefined, secret: string) => {
    const user = secret.includes(':') ? secret.slice(0, secret.indexOf(':')) : '';
    return `${scheme ?? ''}${user}:***@`;
  });
}
