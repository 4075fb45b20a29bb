/**
 * @file env.steps.nasbench201 and env.steps.nasbench101: the whole decision process but the network, on one core: 256 environments on a
 * table, presenting 24 and 25 neighbours, epsilon-greedy action, accuracy, reward, n-step windows, next code and token ids. Q-values are
 * random, and drawn beforehand. Needs the tables in ARCHWALK_DATA; a table that is not there is left out, with a line that says so.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { openBenchmark } from '../../shared/benchmarks/registry.js';
import { DatasetError } from '../../shared/errors.js';
import { epsilonOf } from '../../shared/mdp/epsilon.js';
import { QueryCounter } from '../../shared/mdp/queryCounter.js';
import { measureShaping } from '../../shared/mdp/reward.js';
import { TransitionBuffer } from '../../shared/mdp/transitionBuffer.js';
import { VectorEnvironment } from '../../shared/mdp/vectorEnvironment.js';
import { Rng } from '../../shared/rng.js';
import { rate, report } from './figure.js';

const ENVIRONMENTS = 256;
const ROUNDS = 400;
const dataFolder = process.env['ARCHWALK_DATA'] ?? join(homedir(), '.cache', 'archwalk');

async function bench(name: string, neighbours: number): Promise<void> {
  const benchmark = await openBenchmark({ name, dataset: 'cifar10', backend: 'auto', dataFolder });
  const rng = new Rng(1);
  const environment = new VectorEnvironment({
    benchmark, neighbours, horizonSteps: 20, nSteps: 3, gamma: 0.9,
    shaping: measureShaping(benchmark, 16, 20_000, rng.split('shaping'), new QueryCounter()),
    epsilons: Float64Array.from({ length: ENVIRONMENTS }, (_, g) => epsilonOf(g, 0.4, 7)),
    rng: rng.split('environment'),
  });
  const q = Array.from({ length: 16 }, () => Float32Array.from({ length: ENVIRONMENTS * neighbours }, () => rng.float()));
  const out = new TransitionBuffer(3 * ENVIRONMENTS, 1);
  const run = (): void => {
    for (let round = 0; round < ROUNDS; round++) {
      out.clear();
      environment.step(q[round % q.length] as Float32Array, out);
    }
  };
  // A round acts in all environments but those that start anew, one in 21.
  report({ name: `env.steps.${name}`, value: rate((ROUNDS * ENVIRONMENTS * 20) / 21, 9, run), unit: '1/s' });
}

for (const [name, neighbours] of [['nasbench201', 24], ['nasbench101', 25]] as const) {
  try {
    await bench(name, neighbours);
  } catch (error) {
    if (!(error instanceof DatasetError)) throw error;
    process.stderr.write(`env.steps.${name} is left out: ${error.message}\n`);
  }
}
