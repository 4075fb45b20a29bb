/**
 * @file Every key of a run. All share the hash tag `{archwalk:<run>}`, so that a script's keys lie in one slot of a cluster
 * and several runs share one Redis without meeting.
 */
import { ConfigError } from '../errors.js';

export interface RunKeys {
  readonly run: string;
  /** Common beginning of all keys of the run. */
  readonly prefix: string;
  /** String: the run's record, JSON; stream of one entry: it is there. */
  readonly record: string;
  readonly recordReady: string;
  /** Stream of transition batches: fields `b` bytes, `t` transitions appended up to and with it, `s` bytes likewise; `a` in lockstep, where the environments stood after it. */
  readonly transitions: string;
  /** Hash: appended, ingested, appendedBytes, trimmedBytes, trimmedThrough, ingestedId, quarantined, signalled, generation. */
  readonly counters: string;
  /** Hash: incarnation -> last sequence number appended. */
  readonly sequences: string;
  /** Stream of one entry: there is room again. */
  readonly drain: string;
  /** Sorted set: actors that were refused, by ticket; `waiterSeen` by the drain generation in which each last asked. */
  readonly waiters: string;
  readonly waiterSeen: string;
  /** Lockstep: stream of one entry, what the actor is to do next: fields `k` token, `v` weight version, `i` transitions the learner has received, `a` where the environments stand. */
  readonly turns: string;
  /** Stream of refused entries: `id`, `reason`, `size`, `bytes`. */
  readonly quarantine: string;
  /** String with a lifetime: who is the learner. */
  readonly learnerLease: string;
  /** Counter: the newest learner's fencing token. */
  readonly learnerToken: string;
  /** Hash: actor id -> "incarnation:base:count:expiryMs:holder". */
  readonly actors: string;
  /** Counter: the newest incarnation. */
  readonly incarnations: string;
  /** Hash: token, version, bytes, chunks, checksum, publishedMs of the newest weights. */
  readonly weightPointer: string;
  /** Channel and hash of chunks of one version. */
  readonly weightChannel: string;
  weightChunks(token: number, version: number): string;
  /** Sorted set: who is fetching weights, by when its permit ends; stream of one entry: a permit came back. */
  readonly fetchers: string;
  readonly fetchDone: string;
  /** One status of one process, with a lifetime; sorted set of those there are, by expiry. */
  status(role: string, id: string): string;
  readonly statusIndex: string;
  /** String: why the run is to stop; channel that says so. */
  readonly stop: string;
  readonly controlChannel: string;
  /** Stream of evaluation results. */
  readonly evaluations: string;
}

/** @throws ConfigError unless `run` is 1 to 64 letters, digits, `.`, `_`, `-` */
export function runKeys(run: string): RunKeys {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(run)) throw new ConfigError(`a run's name must be 1 to 64 letters, digits, ".", "_" or "-", got ${JSON.stringify(run)}`);
  const prefix = `{archwalk:${run}}:`;
  return {
    run,
    prefix,
    record: `${prefix}record`,
    recordReady: `${prefix}recordReady`,
    transitions: `${prefix}transitions`,
    counters: `${prefix}counters`,
    sequences: `${prefix}sequences`,
    drain: `${prefix}drain`,
    waiters: `${prefix}waiters`,
    waiterSeen: `${prefix}waiterSeen`,
    turns: `${prefix}turns`,
    quarantine: `${prefix}quarantine`,
    learnerLease: `${prefix}learner`,
    learnerToken: `${prefix}learnerToken`,
    actors: `${prefix}actors`,
    incarnations: `${prefix}incarnations`,
    weightPointer: `${prefix}weights`,
    weightChannel: `${prefix}weights`,
    weightChunks: (token, version) => `${prefix}weights:${token}-${version}`,
    fetchers: `${prefix}fetchers`,
    fetchDone: `${prefix}fetchDone`,
    status: (role, id) => `${prefix}status:${role}:${id}`,
    statusIndex: `${prefix}status`,
    stop: `${prefix}stop`,
    controlChannel: `${prefix}control`,
    evaluations: `${prefix}evaluations`,
  };
}
