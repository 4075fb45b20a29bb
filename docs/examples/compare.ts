import { openBenchmark, runEvaluation, textTable } from 'archwalk';

const benchmark = await openBenchmark({ name: 'nasbench301' });
const evaluation = await runEvaluation({
  benchmark, judge: null, agents: [], methods: ['random-search', 'local-search', 'evolution'],
  budgets: [10, 50], seeds: 50, firstSeed: 0,
});
console.log(textTable(evaluation.results));
