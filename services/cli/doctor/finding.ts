/** @file What `archwalk doctor` says of one thing: what was found and, where it is not as it should be, what to do. */

export type FindingStatus = 'ok' | 'warning' | 'failed';

export interface Finding {
  /** What was looked at. */
  readonly check: string;
  /** failed: archwalk cannot work so; warning: it works, with less. */
  readonly status: FindingStatus;
  readonly found: string;
  /** One sentence; absent only where the status is ok. */
  readonly remedy?: string;
}

export const ok = (check: string, found: string): Finding => ({ check, status: 'ok', found });
export const warning = (check: string, found: string, remedy: string): Finding => ({ check, status: 'warning', found, remedy });
export const failed = (check: string, found: string, remedy: string): Finding => ({ check, status: 'failed', found, remedy });

/** The message of an error, on one line. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
