/** @file Opens the benchmark module named by its argument and says on stdout what it found: run in a process of its own. */
import { openBenchmark } from '../../../shared/benchmarks/registry.js';
import { load } from '../../../shared/benchmarks/typescriptHooks.js';

const [name = ''] = process.argv.slice(2);
try {
  const { description } = await openBenchmark({ name, dataset: 'none', backend: 'auto', dataFolder: '/nowhere' });
  process.send?.({ hooks: typeof load, found: description.name });
} catch (error) {
  process.send?.({ hooks: typeof load, refused: (error as Error).message });
}
