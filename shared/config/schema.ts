/**
 * @file The one configuration schema. Every leaf has its unit in its name, a range, a default and a description with its
 * source; `make docs` prints the table. Defaults are those of preset `small` on NAS-Bench-301; `presets.ts` holds the others.
 */
import { z } from 'zod';

const count = (min: number, max: number, value: number, what: string) =>
  z.number().int().min(min).max(max).default(value).describe(what);
const real = (min: number, max: number, value: number, what: string) =>
  z.number().min(min).max(max).default(value).describe(what);

export const configSchema = z
  .strictObject({
    experiment: z
      .strictObject({
        benchmark: z.string().min(1).default('nasbench301').describe('Search space and its accuracies: nasbench101, nasbench201, nasbench301, or the path of a module that exports a Benchmark. Ours.'),
        dataset: z.string().default('cifar10').describe('Data set of the benchmark: cifar10, cifar100, ImageNet16-120 (NAS-Bench-201); cifar10 otherwise. Ours.'),
        backend: z.string().default('auto').describe('Which backend answers: auto takes the embedded surrogate on NAS-Bench-301 and the table elsewhere; ensemble-xgb:noise=7 has an option behind a colon (docs/nasbench301.md). Ours.'),
        preset: z.enum(['small', 'paper']).default('small').describe('Which defaults were taken before --set. Ours.'),
        seed: count(0, 4294967295, 1, 'Seed of every random number of the run. Ours.'),
      })
      .prefault({}),
    benchmark: z
      .strictObject({
        repeats: z.string().regex(/^(mean|fixed:\d{1,9}|sampled:\d{1,9})$/, 'must be mean, fixed:K or sampled:SEED').default('mean').describe('NAS-Bench-101: which of a cell\'s trainings answers: mean of all, fixed:K (always the K-th, from 0), sampled:SEED (one drawn for each cell). Ours.'),
        sampler: z.enum(['classes', 'matrices']).default('classes').describe('NAS-Bench-101: random cells uniform over isomorphism classes, or over matrices as in NASBench\'s own example. Ours.'),
        epochs: z.literal([0, 4, 12, 36, 108]).default(0).describe('NAS-Bench-101: epochs of the trainings; 0 takes the table\'s own, 108 of the official file, 4 of EC-NAS-Bench\'s. 4, 12 and 36 need nasbench_full.tfrecord. Ours.'),
        countIsomorphic: z.enum(['each', 'once']).default('each').describe('NAS-Bench-201: each row is a query of its own, or isomorphic rows are one query. Ours.'),
      })
      .prefault({}),
    mdp: z
      .strictObject({
        neighbours: count(1, 255, 100, 'N, neighbours presented at most: 25 (NAS-Bench-101), 100 (NAS-Bench-301): paper; 24 (NAS-Bench-201): ours.'),
        horizonSteps: count(1, 100_000, 100, 'Steps until the time limit, which is bootstrapped through (arXiv:1712.00378). Ours, measured (docs/decisions.md).'),
        gamma: real(0, 0.9999, 0.9, 'Discount of one step. Ours.'),
        nSteps: count(1, 100, 3, 'n of the n-step return: 3, Ape-X.'),
        shapingAlpha: real(0, 200, 32, 'alpha of e^(alpha R): 6 (NAS-Bench-101), 32 (NAS-Bench-301): paper.'),
        shapingSamples: count(100, 1_000_000, 20_000, 'Random architectures that fix sigma, the standard deviation of e^(alpha R). Ours.'),
      })
      .prefault({}),
    agent: z
      .strictObject({
        width: count(4, 4096, 64, 'd, width of the transformer: 256 (NAS-Bench-101), 512 (NAS-Bench-301): paper; 64 in preset small: ours.'),
        layers: count(1, 48, 2, 'Encoder layers. Ours.'),
        heads: count(1, 64, 4, 'Attention heads; divides agent.width. Ours.'),
        feedForwardFactor: count(1, 16, 4, 'Feed-forward width over agent.width. Ours.'),
        positionalEncoding: z.enum(['role', 'sinusoidal', 'learned']).default('role').describe('role marks current and neighbour; neighbours come in random order. Ours.'),
        dueling: z.boolean().default(true).describe('Dueling heads: paper.'),
      })
      .prefault({}),
    engine: z
      .strictObject({
        route: z.enum(['auto', 'graph', 'tfjs']).default('auto').describe('Compiled TensorFlow graph, or composed tfjs operations (the reference); auto takes the graph where it was built. Ours.'),
        device: z.enum(['auto', 'cpu', 'gpu']).default('auto').describe('gpu refuses to run without one. Ours.'),
        precision: z.enum(['auto', 'f32', 'bf16']).default('auto').describe('Of matrix products; auto takes bf16 where the processor multiplies it in hardware. Ours.'),
        learnerThreads: count(0, 1024, 0, 'Threads of the learner\'s engine; 0 leaves it to TensorFlow. Ours.'),
        actorThreads: count(0, 1024, 1, 'Threads of an actor\'s engine; 0 leaves it to TensorFlow. Ours.'),
      })
      .prefault({}),
    replay: z
      .strictObject({
        capacity: count(1_000, 16_777_216, 200_000, 'Transitions held: 2,000,000, Ape-X; 200,000 in preset small: ours.'),
        priorityExponent: real(0, 2, 0.6, 'alpha of proportional prioritization: Schaul et al. 2016; 0 is uniform.'),
        importanceExponent: real(0, 1, 0.4, 'beta of the importance weights: Schaul et al. 2016.'),
        priorityEpsilon: real(1e-12, 1, 1e-6, 'Added to |TD error|: RLlib\'s Ape-X.'),
      })
      .prefault({}),
    learner: z
      .strictObject({
        steps: count(1, 1_000_000_000, 1_560, 'Learner steps of the run. Ours.'),
        minutes: real(0, 1e6, 0, 'Stop training after this time; 0 sets no limit. Ours.'),
        lockstep: z.boolean().default(false).describe('Learner and one actor take turns in an order fixed by counts, so that a run repeats bit for bit, also when resumed (docs/decisions.md, Reproducibility). Weights go out at every turn instead of every learner.publishPeriod steps. Slower. Ours.'),
        batchSize: count(1, 8192, 64, 'Transitions a step: 512, Ape-X; 64 in preset small: ours, measured (docs/decisions.md).'),
        optimizer: z.enum(['adam', 'rmsprop-centred']).default('adam').describe('rmsprop-centred: Ape-X; adam in preset small: ours.'),
        learningRate: real(1e-8, 1, 1e-3, 'Of the first step: 6.25e-5, Ape-X; 1e-3 in preset small: ours.'),
        learningRateFinalShare: real(0, 1, 0.05, 'The learning rate falls linearly to this share of the first at learner.steps; 1 keeps it. Ours, measured (docs/decisions.md).'),
        gradientClipNorm: real(1e-3, 1e6, 10, 'Global gradient norm is clipped to it: 40, Ape-X; 10: ours.'),
        samplesPerInsert: real(0.01, 1000, 2, 'Samples the learner takes for each transition inserted after warm-up (Reverb\'s rate limiter). Ours.'),
        warmUpTransitions: count(1, 16_777_216, 2_000, 'Transitions in the replay before the first step: 50,000, Ape-X; 2,000 in preset small: ours.'),
        targetUpdatePeriod: count(1, 1_000_000, 100, 'Learner steps between copies to the target network: 2,500, Ape-X; 100: ours, measured (docs/decisions.md).'),
        publishPeriod: count(1, 1_000_000, 10, 'Learner steps between weight snapshots. Ours.'),
        checkpointPeriodSeconds: real(0.1, 86_400, 60, 'Seconds between checkpoints. Ours.'),
        checkpointsKept: count(1, 1_000, 3, 'Checkpoints kept. Ours.'),
        evaluationPeriodSeconds: real(1, 86_400, 20, 'Seconds between the evaluator\'s looks at the newest weights. Ours.'),
      })
      .prefault({}),
    actor: z
      .strictObject({
        processes: count(1, 4096, 1, 'Actor processes started by archwalk train. Ours.'),
        environments: count(1, 65_536, 64, 'Environments an actor steps at once, one batched inference for all. Ours.'),
        sendTransitions: count(64, 65_536, 64, 'Transitions gathered before a stream entry is sent. Ours.'),
        epsilonBase: real(0, 1, 0.4, 'Exploration ladder epsilon = base^(1 + exponent * vdc(g)) over environments: Ape-X\'s range.'),
        epsilonExponent: real(0, 100, 7, 'See actor.epsilonBase: Ape-X.'),
        maxWeightAgeSeconds: real(1, 86_400, 600, 'An actor whose newest weights are older waits for newer ones. Ours.'),
      })
      .prefault({}),
    redis: z
      .strictObject({
        streamTransitions: count(256, 16_777_216, 512, 'Transitions appended but not yet ingested at which XADD is refused. Ours.'),
        retainedBytes: count(1_000_000, 100_000_000_000, 256_000_000, 'Bytes of stream kept behind the newest checkpoint before one is forced. Ours.'),
        weightChunkBytes: count(1_024, 16_777_216, 262_144, 'Chunk of a weight snapshot. Ours, measured (docs/decisions.md).'),
        learnerLeaseSeconds: real(0.5, 3_600, 5, 'A learner that has not renewed its lease for this long may be replaced. Ours.'),
        actorLeaseSeconds: real(0.5, 3_600, 15, 'An actor that has not renewed its lease for this long loses its place on the exploration ladder to the next that comes. Ours.'),
        weightPrecision: z.enum(['f32', 'bf16']).default('f32').describe('Weights on the wire. Ours.'),
      })
      .prefault({}),
    evaluation: z
      .strictObject({
        seeds: count(1, 100_000, 200, 'Searches per method in an evaluation. Ours.'),
        budgets: z.array(z.number().int().min(1).max(1_000_000)).min(1).default([10, 20, 50, 100, 150, 300]).describe('Query budgets: 50, 100, 150, 300, paper; 10 and 20: ours.'),
      })
      .prefault({}),
    metrics: z
      .strictObject({
        port: count(0, 65_535, 0, 'Port of /metrics, /healthz, /readyz; 0 serves none. Ours.'),
        host: z.string().default('127.0.0.1').describe('Address they bind to. Ours.'),
        logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info').describe('Lowest level logged. Ours.'),
      })
      .prefault({}),
  })
  .refine((c) => c.agent.width % c.agent.heads === 0, { path: ['agent', 'heads'], error: 'agent.heads must divide agent.width' })
  .refine((c) => c.mdp.nSteps <= c.mdp.horizonSteps, { path: ['mdp', 'nSteps'], error: 'mdp.nSteps must be at most mdp.horizonSteps' })
  .refine((c) => c.learner.warmUpTransitions <= c.replay.capacity, { path: ['learner', 'warmUpTransitions'], error: 'learner.warmUpTransitions must be at most replay.capacity' })
  .refine((c) => c.learner.batchSize <= c.learner.warmUpTransitions, { path: ['learner', 'batchSize'], error: 'learner.batchSize must be at most learner.warmUpTransitions' })
  .refine((c) => !c.learner.lockstep || c.actor.processes === 1, { path: ['actor', 'processes'], error: 'learner.lockstep takes exactly 1 actor' })
  .refine((c) => c.actor.sendTransitions + c.actor.environments * c.mdp.nSteps <= c.redis.streamTransitions, { path: ['redis', 'streamTransitions'], error: 'redis.streamTransitions must be at least actor.sendTransitions + actor.environments * mdp.nSteps, or a batch could never be appended' });

export type Config = z.infer<typeof configSchema>;

/** Most transitions in one stream entry: an actor sends at the first step that brings it to actor.sendTransitions. */
export function largestBatch({ actor, mdp }: Config): number {
  return actor.sendTransitions + actor.environments * mdp.nSteps;
}
