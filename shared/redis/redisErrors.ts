/** @file What went wrong with Redis, in words that say what to do. Replies a retry may mend become TransportErrors, the others ConfigErrors. */
import { ArchwalkError, ConfigError, TransportError } from '../errors.js';

interface Rule {
  readonly pattern: RegExp;
  readonly message: string;
  /** False where only a changed setting helps. */
  readonly retryable: boolean;
}

const RULES: readonly Rule[] = [
  { pattern: /^OOM |^-?OOM|used memory > 'maxmemory'/, retryable: true, message: 'Redis must have memory left, and is full (maxmemory): give it more, or lower redis.streamTransitions and redis.retainedBytes' },
  { pattern: /^READONLY|can't write against a read only/i, retryable: true, message: 'Redis must accept writes, and this one is a read-only replica: point REDIS_URL at the primary (or at its sentinels)' },
  { pattern: /^LOADING/, retryable: true, message: 'Redis must be ready, and is still loading its data from disk: wait, or look at its log' },
  { pattern: /^MISCONF/, retryable: true, message: 'Redis must be able to write its disk, and cannot (MISCONF): free space in its folder' },
  { pattern: /^MASTERDOWN|^CLUSTERDOWN|^TRYAGAIN/, retryable: true, message: 'Redis must have a primary, and is failing over' },
  { pattern: /^BUSY /, retryable: true, message: 'Redis must be free, and is busy with a script of someone else' },
  { pattern: /NOAUTH|HELLO must be called with the client already authenticated/, retryable: false, message: 'Redis asks for a password: write it into REDIS_URL as redis://user:password@host' },
  { pattern: /WRONGPASS|invalid password|invalid username-password/i, retryable: false, message: 'Redis refused the user and password in REDIS_URL' },
  { pattern: /NOPERM/, retryable: false, message: 'the Redis user in REDIS_URL must be allowed archwalk\'s commands and keys {archwalk:*}' },
  { pattern: /unknown command/i, retryable: false, message: 'Redis must be at least 6.2' },
  { pattern: /^WRONGTYPE/, retryable: false, message: 'a key of this run holds something that is not archwalk\'s: choose another run name or Redis database' },
  { pattern: /ENOENT|ECONNREFUSED/, retryable: true, message: 'Redis must be running, and nothing listens at its address' },
  { pattern: /ENOTFOUND|EAI_AGAIN/, retryable: true, message: 'the host in REDIS_URL must resolve, and does not' },
  { pattern: /certificate|SSL|TLS/i, retryable: false, message: 'the TLS connection to Redis failed: check rediss:// and the certificate (NODE_EXTRA_CA_CERTS names a private authority\'s)' },
  { pattern: /EACCES/, retryable: false, message: 'Redis\' socket must be open to this user' },
];

/** The error to throw for one from the client library; errors of ours pass as they are. @param at the address, without its password */
export function redisError(error: unknown, at: string): ArchwalkError {
  if (error instanceof ArchwalkError) return error;
  const text = messageOf(error);
  const rule = RULES.find(({ pattern }) => pattern.test(text));
  const line = `${rule?.message ?? 'Redis must answer, and the connection failed'} (${at}: ${text.split('\n')[0]?.slice(0, 200) ?? ''})`;
  return rule?.retryable === false ? new ConfigError(line, error) : new TransportError(line, error);
}

/** Of a failed transaction, the message of the command that failed it. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const [first] = (error as { previousErrors?: readonly unknown[] }).previousErrors ?? [];
  return first === undefined || first === error ? error.message : messageOf(first);
}
