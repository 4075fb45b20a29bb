/** @file Log lines: JSON on stderr with run, role and id; readable ones where stderr is a terminal. Never secrets: URLs are logged without credentials. */
import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';

export type { Logger };

export interface LoggerOptions {
  readonly role: string;
  readonly id: string;
  readonly run: string;
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
}

export function createLogger({ role, id, run, level }: LoggerOptions): Logger {
  const destination = process.stderr.isTTY
    ? pretty({ destination: 2, colorize: true, ignore: 'pid,hostname,run', sync: true })
    : pino.destination({ dest: 2, sync: true });
  return pino({ level, base: { run, role, id }, timestamp: pino.stdTimeFunctions.isoTime, redact: ['redisUrl', 'password', 'url'] }, destination);
}
