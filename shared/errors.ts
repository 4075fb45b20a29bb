/**
 * @file The errors archwalk throws. A message says the requirement first, then the value that broke it:
 * "replay.capacity must be in 1,000..16,777,216, got 10". Only a process's `main.ts` catches everything; it prints one
 * line for a user's mistake (exit 2) and a line with the cause for all else (exit 1).
 */

export type ErrorCode =
  | 'config'
  | 'out-of-domain'
  | 'dataset'
  | 'wire-format'
  | 'checkpoint'
  | 'shape'
  | 'engine'
  | 'transport'
  | 'invariant';

/** Exit codes of every archwalk process: 0 done, 1 failed, 2 bad input, 130 interrupted with its state saved. */
export const EXIT = { done: 0, failed: 1, badInput: 2, interrupted: 130 } as const;

/** Base of every error thrown on purpose. `retryable` is true for transport trouble only; `badInput` makes a process exit 2. */
export class ArchwalkError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly badInput: boolean;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryable?: boolean; badInput?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.badInput = options.badInput ?? false;
  }
}

/** A setting, flag, environment variable or run folder that cannot be used as given. */
export class ConfigError extends ArchwalkError {
  constructor(message: string, cause?: unknown) {
    super('config', message, { cause, badInput: true });
  }
}

/** An architecture outside its search space. */
export class OutOfDomainError extends ArchwalkError {
  constructor(message: string, cause?: unknown) {
    super('out-of-domain', message, { cause, badInput: true });
  }
}

/** A benchmark's file that is missing, truncated or holds a value it may not hold. */
export class DatasetError extends ArchwalkError {
  constructor(message: string, cause?: unknown) {
    super('dataset', message, { cause, badInput: true });
  }
}

/** Bytes from Redis that are no entry of ours, or of another version or run. */
export class WireFormatError extends ArchwalkError {
  constructor(message: string, cause?: unknown) {
    super('wire-format', message, { cause });
  }
}

/** A checkpoint that is damaged or belongs to another configuration. */
export class CheckpointError extends ArchwalkError {
  constructor(message: string, cause?: unknown, badInput = true) {
    super('checkpoint', message, { cause, badInput });
  }
}

/** A checkpoint that could not be written. The disk may have room again: not bad input, so the process exits 1 and is started again. */
export class CheckpointWriteError extends CheckpointError {
  constructor(message: string, cause?: unknown) {
    super(message, cause, false);
  }
}

/** Arrays whose lengths do not fit each other. */
export class ShapeError extends ArchwalkError {
  constructor(message: string, cause?: unknown) {
    super('shape', message, { cause });
  }
}

/** The tensor engine is absent, unusable, or lacks the device asked for. The remedy stands in the message. */
export class EngineError extends ArchwalkError {
  constructor(message: string, cause?: unknown) {
    super('engine', message, { cause, badInput: true });
  }
}

/** Redis (or another service) did not answer as it should; the only retryable error. */
export class TransportError extends ArchwalkError {
  constructor(message: string, cause?: unknown) {
    super('transport', message, { cause, retryable: true });
  }
}

/** A broken promise of archwalk's own code: always a bug. */
export class InvariantError extends ArchwalkError {
  constructor(message: string, cause?: unknown) {
    super('invariant', message, { cause });
  }
}
