/** @file The actor process: joins a run by its name, leases a place on the exploration ladder, acts. */
import { hostname } from 'node:os';
import { createInferenceEngine } from '../../shared/agent/createEngine.js';
import { runMain } from '../../shared/lifecycle.js';
import { epsilonOf } from '../../shared/mdp/epsilon.js';
import { VectorEnvironment } from '../../shared/mdp/vectorEnvironment.js';
import { ActorLease } from '../../shared/redis/lease.js';
import { TransitionProducer } from '../../shared/redis/transitionProducer.js';
import { Rng } from '../../shared/rng.js';
import { engineChoice, networkSpec } from '../../shared/run/engineOf.js';
import { joinRun } from '../../shared/run/joinRun.js';
import { untilRunEnds } from '../../shared/run/runEnd.js';
import { serveRole } from '../../shared/run/serveRole.js';
import { serviceArguments } from '../../shared/run/serviceArguments.js';
import { makeActor } from './makeActor.js';
import { reportActor } from './reportActor.js';
import { Sender } from './sender.js';

await runMain(async ({ signal, closing }) => {
  const service = serviceArguments();
  const run = await joinRun('actor', service, signal, closing);
  const { client, keys, config, configHash, shaping, benchmark, logger, metrics } = run;
  const { environments, epsilonBase, epsilonExponent } = config.actor;
  const holder = `${hostname()}:${process.pid}`;
  const takeLease = (): Promise<ActorLease> => ActorLease.acquire({ client, keys, holder, slots: environments, ttlMs: 1000 * config.redis.actorLeaseSeconds });
  let lease = await takeLease();
  closing.add('the lease', () => lease.release());
  // In lockstep whoever takes a turn must act the same, whatever place it leased: a dead actor's place stays taken for a while.
  const { lockstep } = config.learner;
  const ladder = (): Float64Array => Float64Array.from({ length: environments }, (_, i) => epsilonOf((lockstep ? 0 : lease.base) + i, epsilonBase, epsilonExponent));
  const epsilons = ladder();

  const engine = await createInferenceEngine({
    spec: networkSpec(config, benchmark), seed: config.experiment.seed, batchSize: environments, threads: config.engine.actorThreads, ...engineChoice(config),
  });
  closing.add('the engine', () => engine.dispose());
  const random = new Rng(config.experiment.seed);
  const environment = new VectorEnvironment({
    benchmark, shaping, epsilons, neighbours: config.mdp.neighbours, horizonSteps: config.mdp.horizonSteps, nSteps: config.mdp.nSteps, gamma: config.mdp.gamma,
    rng: lockstep ? random.split('actor') : random.split('actor', lease.id, lease.incarnation),
  });
  const producer = new TransitionProducer({ client, keys, configHash, boundTransitions: config.redis.streamTransitions, maxRetainedBytes: 2 * config.redis.retainedBytes, lease });
  closing.add('the transition stream', () => producer.close());
  const leaseAgain = async (): Promise<void> => {
    lease.stopRenewing();
    lease = await takeLease();
    producer.useLease(lease);
    epsilons.set(ladder());
    logger.warn({ id: lease.id, firstSlot: lease.base }, 'the lease had run out; leased again');
  };
  const sender = new Sender({ producer, metrics, leaseAgain });
  const actor = await makeActor({ run, service, engine, environment, sender, closing });
  closing.add('the status', reportActor({ run, actor, sender, environment, epsilons, id: service.id }));
  await serveRole(metrics, config, { unhealthy: () => null, unready: () => (actor.weights.version < 0 ? 'no weights yet' : null) }, closing);
  logger.info({ actor: lease.id, firstSlot: lease.base, environments, lockstep }, 'acting');
  await untilRunEnds(run, signal, closing, (ending) => actor.run(ending));
  return 0;
});
