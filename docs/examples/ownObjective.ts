import { lookUp, openBenchmark, search } from 'archwalk';

const benchmark = await openBenchmark({ name: 'nasbench301' });
const { best, queries } = await search({
  benchmark, method: 'local-search', budget: 100, seed: 1,
  // Anything that takes an architecture and answers a fraction in 0..1: here accuracy, less a point for each million parameters.
  objective: async ({ architecture }) => {
    const { validationAccuracy, parameters } = lookUp(benchmark, architecture);
    return validationAccuracy - 0.01 * ((parameters ?? 0) / 1e6);
  },
});
console.log(`best of ${queries}: ${best.id} with ${best.validationAccuracy.toFixed(4)}, found at query ${best.query}`);
