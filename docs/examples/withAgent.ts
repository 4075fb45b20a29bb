import { loadAgent, openBenchmark, search } from 'archwalk';

const [run = 'runs/nasbench301-small-seed1'] = process.argv.slice(2);
const benchmark = await openBenchmark({ name: 'nasbench301' });
const agent = await loadAgent(run, benchmark);
try {
  const { best } = await search({ benchmark, method: 'agent-frontier', budget: 50, seed: 1, agent });
  console.log(`${(100 * best.validationAccuracy).toFixed(2)} % after 50 queries, and ${agent.trainingQueries ?? 'unknown'} in training`);
} finally {
  await agent.close();
}
