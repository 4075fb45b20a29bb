/** @file The processes of one local run: Redis, learner, actors, evaluator; started, watched, shown, and stopped in order. */
import { join } from 'node:path';
import type { Environment } from '../../shared/config/environment.js';
import type { RunFolder } from '../../shared/config/runFolder.js';
import type { Config } from '../../shared/config/schema.js';
import { ArchwalkError, ConfigError, EXIT, TransportError } from '../../shared/errors.js';
import type { Closing } from '../../shared/lifecycle.js';
import type { ActorStatus, EvaluatorStatus, LearnerStatus } from '../../shared/metrics/status.js';
import { packageRoot } from '../../shared/paths.js';
import { type RedisClient, connectRedis } from '../../shared/redis/client.js';
import { runKeys } from '../../shared/redis/keys.js';
import { startRedis } from '../../shared/redis/server.js';
import { StatusBoard } from '../../shared/redis/status.js';
import { type ServiceEvent, type ServiceSpec, Supervisor } from './supervisor.js';
import { LiveView } from './view/liveView.js';

const graceMs = 15_000;
const viewEveryMs = 1_000;

export interface LocalRunOptions {
  readonly folder: RunFolder;
  readonly config: Config;
  readonly environment: Environment;
}

export class LocalRun {
  readonly #options: LocalRunOptions;
  readonly #redisUrl: string;
  readonly #client: RedisClient;
  readonly #board: StatusBoard;
  readonly #view = new LiveView();
  readonly #supervisor: Supervisor;
  readonly #events: string[] = [];
  readonly #startedAt = performance.now();
  #learnerEnded: Promise<number> = Promise.resolve(EXIT.failed);
  #badInput: string | null = null;

  /** Starts everything; what was started is closed by `closing`, whatever happens. */
  static async start(options: LocalRunOptions, closing: Closing): Promise<LocalRun> {
    const server = await refusing(startRedis({ url: options.environment.redisUrl, folder: options.folder.redis }));
    closing.add('Redis', () => server.stop());
    const client = await refusing(connectRedis({ url: server.url, name: 'train' }));
    closing.add('the connection to Redis', () => client.close());
    const run = new LocalRun(options, server.url, client);
    closing.add('the processes', () => run.stop());
    await refusing(run.#board.clearStop());
    run.#startServices();
    return run;
  }

  private constructor(options: LocalRunOptions, redisUrl: string, client: RedisClient) {
    this.#options = options;
    this.#redisUrl = redisUrl;
    this.#client = client;
    this.#board = new StatusBoard(client, runKeys(options.folder.name));
    this.#supervisor = new Supervisor(options.folder.logs, (event) => this.#onEvent(event));
  }

  /** @returns true if the learner reached its goal, false if `signal` fired first @throws ArchwalkError if the learner gave up */
  async untilDone(signal: AbortSignal): Promise<boolean> {
    const timer = setInterval(() => void this.#show(), viewEveryMs);
    let stop = (): void => undefined;
    const interrupted = new Promise<null>((resolve) => {
      stop = () => resolve(null);
      signal.addEventListener('abort', stop, { once: true });
    });
    const code = await Promise.race([this.#learnerEnded, interrupted]);
    signal.removeEventListener('abort', stop);
    clearInterval(timer);
    await this.#show();
    this.#view.done();
    if (code === null) return false;
    if (code === EXIT.badInput) throw new ConfigError(this.#badInput ?? 'the learner refused its configuration');
    if (code !== EXIT.done) throw new ArchwalkError('invariant', `the learner must come up again after a crash, and did not; its log is ${join(this.#options.folder.logs, 'learner.jsonl')}`);
    return true;
  }

  /** Actors and evaluator first, so that what they sent is still taken; then the learner, which saves. */
  async stop(): Promise<void> {
    const names = this.#supervisor.names();
    await this.#supervisor.stop(names.filter((name) => name !== 'learner'), graceMs);
    await this.#supervisor.stop(['learner'], 4 * graceMs);
  }

  #startServices(): void {
    this.#learnerEnded = this.#supervisor.start(this.#spec('learner', 'learner'));
    for (let i = 0; i < this.#options.config.actor.processes; i++) void this.#supervisor.start(this.#spec('actor', `actor-${i}`));
    void this.#supervisor.start(this.#spec('evaluator', 'evaluator'));
  }

  #spec(role: string, name: string): ServiceSpec {
    const { folder, environment } = this.#options;
    return {
      name,
      script: join(packageRoot, 'dist', 'services', role, 'main.js'),
      arguments: ['--run', folder.root],
      environment: { REDIS_URL: this.#redisUrl, ARCHWALK_DATA: environment.dataFolder, ARCHWALK_ID: name },
    };
  }

  #onEvent(event: ServiceEvent): void {
    if (event.kind === 'started') return;
    if (event.kind === 'ended') {
      if (event.code === EXIT.badInput) this.#badInput ??= event.lastLines.at(-1)?.replace(/^archwalk: /, '') ?? `${event.name} refused its configuration`;
      if (event.code !== EXIT.done && event.code !== EXIT.interrupted) this.#say(`${event.name} ended with exit code ${event.code}`, event.lastLines);
      return;
    }
    this.#say(`${event.name} ended by ${event.how}; starts again in ${(event.restartMs / 1000).toFixed(1)} s`, event.lastLines);
  }

  #say(headline: string, lastLines: readonly string[]): void {
    this.#events.push(headline);
    this.#view.say([headline, ...lastLines.map((line) => `    ${line}`)].join('\n'));
  }

  async #show(): Promise<void> {
    const { folder, config } = this.#options;
    const statuses = await this.#board.read().catch(() => []);
    const of = <T>(role: string): T[] => statuses.filter((status) => status.role === role).map((status) => status.fields as T);
    this.#view.show({
      title: `${config.experiment.benchmark}, preset ${config.experiment.preset}, ${folder.root}`,
      elapsedSeconds: (performance.now() - this.#startedAt) / 1000,
      learner: of<LearnerStatus>('learner')[0] ?? null,
      actors: of<ActorStatus>('actor'),
      environments: config.actor.environments,
      evaluator: of<EvaluatorStatus>('evaluator')[0] ?? null,
      events: this.#events,
    });
  }
}

/** A Redis that cannot be used before anything has begun is a mistake of whoever named it. @throws ConfigError instead of TransportError */
async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof TransportError ? new ConfigError(error.message, error) : error;
  }
}
