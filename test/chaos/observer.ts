/**
 * @file Counts what happens in a run from outside: reads every entry that Redis accepted, past the proxy, and keeps what the
 * replay must hold. What breaks a rule is a line in `violations`.
 */
import { WireFormatError } from '../../shared/errors.js';
import { ActorMarks } from '../../shared/redis/actorMarks.js';
import { type RedisClient, connectRedis } from '../../shared/redis/client.js';
import type { RunKeys } from '../../shared/redis/keys.js';
import { compareIds } from '../../shared/redis/transitionStream.js';
import type { ReplayOptions } from '../../shared/replay/prioritizedReplay.js';
import { PrioritizedReplay } from '../../shared/replay/prioritizedReplay.js';
import { type DecodedTransitions, type TransitionLimits, decodeTransitions } from '../../shared/wire/transitions.js';

interface SeenEntry {
  readonly id: string;
  /** null for an entry that is none. */
  readonly batch: DecodedTransitions | null;
}

/** The learner's token before and after entries were read: theirs lies in between. */
interface Tokens {
  readonly before: number;
  readonly after: number;
}

/** The newest weights an incarnation acted with, and at least which learner's they were when it began or last went back. */
interface SeenWeights {
  version: number;
  token: number;
}

export class Observer {
  readonly violations: string[] = [];
  readonly #reading: RedisClient;
  readonly #asking: RedisClient;
  readonly #keys: RunKeys;
  readonly #limits: TransitionLimits;
  readonly #entries: SeenEntry[] = [];
  readonly #weights = new Map<number, SeenWeights>();
  #appended = 0;
  #lastId = '0-0';
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  private constructor(reading: RedisClient, asking: RedisClient, keys: RunKeys, limits: TransitionLimits) {
    this.#reading = reading;
    this.#asking = asking;
    this.#keys = keys;
    this.#limits = limits;
  }

  /** @param url Redis itself, not the proxy */
  static async start(url: string, keys: RunKeys, limits: TransitionLimits): Promise<Observer> {
    const asking = await connectRedis({ url, name: 'observer' });
    const observer = new Observer(await asking.forBlocking('stream'), asking, keys, limits);
    observer.#loop = observer.#run();
    return observer;
  }

  get client(): RedisClient {
    return this.#asking;
  }

  get entries(): number {
    return this.#entries.length;
  }

  get transitions(): number {
    return this.#entries.reduce((sum, { batch }) => sum + (batch?.columns.size ?? 0), 0);
  }

  /** Reads what is left, then ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
    while ((await this.#readOnce(0)) > 0);
    this.#reading.abort();
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#reading.abort();
    await this.#asking.close();
  }

  /** Appends an entry that is none, as a foreign writer would; where Redis is away nothing is appended, or it is and is seen. */
  async addRefuse(bytes: Buffer): Promise<void> {
    await this.#asking.run((redis) => redis.xadd(this.#keys.transitions, '*', 'b', bytes)).catch(() => undefined);
  }

  /** The replay that has taken every entry up to `lastId` once, in order, and its transitions; gaps and duplicates are violations. */
  expectedReplay(options: ReplayOptions, lastId: string): PrioritizedReplay {
    const replay = new PrioritizedReplay(options);
    const marks = new ActorMarks();
    for (const { id, batch } of this.#entries) {
      if (compareIds(id, lastId) > 0 || batch === null) continue;
      if (marks.take(batch.header.actor, batch.header.incarnation, batch.header.sequence) === 'new') replay.add(batch.columns);
    }
    if (marks.duplicates > 0) this.violations.push(`${marks.duplicates} entries stand in the stream twice`);
    if (marks.missing > 0) this.violations.push(`${marks.missing} sequence numbers are missing`);
    return replay;
  }

  /** Ids of entries that are none, up to `lastId`: what quarantine must hold. */
  refused(lastId: string): readonly string[] {
    return this.#entries.filter(({ id, batch }) => batch === null && compareIds(id, lastId) <= 0).map(({ id }) => id);
  }

  /** Ids after `lastId`: what the stream must still hold. */
  after(lastId: string): readonly string[] {
    return this.#entries.filter(({ id }) => compareIds(id, lastId) > 0).map(({ id }) => id);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#readOnce(500);
      } catch {
        // Redis is down; the connections come back with it, and nothing is trimmed meanwhile.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async #readOnce(blockMs: number): Promise<number> {
    const before = await this.#token();
    const reply = await this.#reading.run((redis) =>
      blockMs > 0
        ? redis.xreadBuffer('COUNT', 500, 'BLOCK', blockMs, 'STREAMS', this.#keys.transitions, this.#lastId)
        : redis.xreadBuffer('COUNT', 500, 'STREAMS', this.#keys.transitions, this.#lastId),
    );
    const entries = ((reply)?.[0]?.[1] ?? []) as readonly (readonly [Buffer, readonly Buffer[]])[];
    if (entries.length === 0) return 0;
    const tokens = { before, after: await this.#token() };
    for (const [id, fields] of entries) this.#see(id.toString('latin1'), fields, tokens);
    return entries.length;
  }

  async #token(): Promise<number> {
    return Number(await this.#asking.run((redis) => redis.get(this.#keys.learnerToken)));
  }

  #see(id: string, fields: readonly Buffer[], tokens: Tokens): void {
    const field = (name: string): Buffer | undefined => fields[fields.findIndex((value, i) => i % 2 === 0 && value.toString('latin1') === name) + 1];
    this.#lastId = id;
    const batch = this.#decode(field('b') ?? Buffer.alloc(0));
    this.#entries.push({ id, batch });
    if (batch === null) return;
    this.#appended += batch.columns.size;
    const said = Number(field('t')?.toString('latin1'));
    if (said !== this.#appended) {
      this.violations.push(`entry ${id} must bring the count to ${this.#appended}, and says ${said}: an entry was lost, or trimmed before it was read here`);
      this.#appended = said;
    }
    this.#judgeWeights(batch, tokens);
  }

  #decode(bytes: Buffer): DecodedTransitions | null {
    try {
      return decodeTransitions(bytes, this.#limits);
    } catch (error) {
      if (error instanceof WireFormatError) return null;
      throw error;
    }
  }

  #judgeWeights({ header: { actor, incarnation, sequence, weightVersion } }: DecodedTransitions, { before, after }: Tokens): void {
    const seen = this.#weights.get(incarnation);
    if (seen === undefined) {
      this.#weights.set(incarnation, { version: weightVersion, token: before });
      return;
    }
    if (weightVersion < seen.version) {
      if (after === seen.token) this.violations.push(`actor ${actor}, batch ${incarnation}.${sequence}: weights went back from ${seen.version} to ${weightVersion} under one learner`);
      seen.token = before;
    }
    seen.version = weightVersion;
  }
}
