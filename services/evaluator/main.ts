/** @file The evaluator process: looks at new weights every so often, and says how well they search. */
import { createInferenceEngine } from '../../shared/agent/createEngine.js';
import { runMain } from '../../shared/lifecycle.js';
import { WeightFollower } from '../../shared/redis/weightFollower.js';
import { WeightReader } from '../../shared/redis/weightChannel.js';
import { engineChoice, networkSpec } from '../../shared/run/engineOf.js';
import { joinRun } from '../../shared/run/joinRun.js';
import { untilRunEnds } from '../../shared/run/runEnd.js';
import { serveRole } from '../../shared/run/serveRole.js';
import { serviceArguments } from '../../shared/run/serviceArguments.js';
import { Evaluator, searchesAtOnce } from './evaluator.js';

await runMain(async ({ signal, closing }) => {
  const service = serviceArguments();
  const run = await joinRun('evaluator', service, signal, closing);
  const { client, keys, config, configHash, benchmark, logger, metrics } = run;
  const engine = await createInferenceEngine({
    spec: networkSpec(config, benchmark), seed: config.experiment.seed, batchSize: searchesAtOnce, threads: config.engine.actorThreads, ...engineChoice(config),
  });
  closing.add('the engine', () => engine.dispose());
  const reader = new WeightReader({ client, keys, reader: `evaluator:${service.id}` });
  const follower = new WeightFollower({ reader, configHash, onError: (error) => logger.warn(error.message) });
  closing.add('the weight channel', () => follower.close());
  await follower.start();
  const evaluator = new Evaluator({ run, engine, follower, id: service.id });
  await serveRole(metrics, config, { unhealthy: () => null, unready: () => (follower.version < 0 ? 'no weights yet' : null) }, closing);
  await untilRunEnds(run, signal, closing, (ending) => evaluator.run(ending));
  return 0;
});
