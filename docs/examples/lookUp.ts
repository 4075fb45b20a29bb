import { lookUp, neighboursOf, openBenchmark, randomArchitecture } from 'archwalk';

const benchmark = await openBenchmark({ name: 'nasbench301' });
const architecture = randomArchitecture(benchmark, 1);
const { id, validationAccuracy } = lookUp(benchmark, architecture);
console.log(`${id}: ${(100 * validationAccuracy).toFixed(2)} %`);

const better = neighboursOf(benchmark, architecture).filter((neighbour) => lookUp(benchmark, neighbour).validationAccuracy > validationAccuracy);
console.log(`${better.length} neighbours are better`);
