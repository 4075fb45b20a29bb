/** @file `archwalk search` in a process of its own that a test can kill; its options as JSON in the first argument. */
import { search, type SearchOptions } from '../../../../services/cli/commands/search.js';
import { runMain } from '../../../../shared/lifecycle.js';

await runMain((context) => search(JSON.parse(process.argv[2] ?? '{}') as SearchOptions, context));
