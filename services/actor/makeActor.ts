/** @file The actor's loop with what it waits on: the newest weights, or in lockstep its turns. */
import type { InferenceEngine } from '../../shared/agent/types.js';
import type { Closing } from '../../shared/lifecycle.js';
import type { VectorEnvironment } from '../../shared/mdp/vectorEnvironment.js';
import { TurnTaker } from '../../shared/redis/turns.js';
import { WeightReader } from '../../shared/redis/weightChannel.js';
import { WeightFollower } from '../../shared/redis/weightFollower.js';
import type { JoinedRun } from '../../shared/run/joinRun.js';
import type { ServiceArguments } from '../../shared/run/serviceArguments.js';
import { walkLimits } from '../../shared/run/walkLimits.js';
import { Actor } from './actor.js';
import { LockstepActor } from './lockstepActor.js';
import type { Sender } from './sender.js';

export interface MakeActorOptions {
  readonly run: JoinedRun;
  readonly service: ServiceArguments;
  readonly engine: InferenceEngine;
  readonly environment: VectorEnvironment;
  readonly sender: Sender;
  readonly closing: Closing;
}

/** @throws TransportError */
export async function makeActor({ run, service, engine, environment, sender, closing }: MakeActorOptions): Promise<Actor | LockstepActor> {
  const { client, keys, config, configHash, benchmark, logger, metrics } = run;
  const acting = { config, engine, environment, codeWords: benchmark.space.codeWords, sender, metrics, logger };
  const { lockstep } = config.learner;
  const reader = new WeightReader({ client, keys, reader: `actor:${service.id}`, jitterMs: lockstep ? 0 : 100 });
  if (lockstep) {
    closing.add('the weight channel', () => reader.close());
    const turns = await TurnTaker.open(client, keys);
    closing.add('the turns', () => turns.close());
    return new LockstepActor({ ...acting, configHash, limits: walkLimits(config, benchmark), turns, reader });
  }
  const follower = new WeightFollower({ reader, configHash, onError: (error) => logger.warn(error.message) });
  closing.add('the weight channel', () => follower.close());
  await follower.start();
  return new Actor({ ...acting, follower });
}
