/** @file What stream.ts and its worker processes agree on. */

export const CONFIG_HASH = 'benchmark';
/** redis.streamTransitions of the measurement: 256 entries. */
export const BOUND = 65_536;
export const READERS_A_PROCESS = 4;
