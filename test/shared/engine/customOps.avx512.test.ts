/** The custom operations forced to avx512; a file of its own, since the choice is made once a process. */
import { processorRuns } from './customOpsMachine.js';
import { customOpsSuite } from './customOpsSuite.js';

if (processorRuns('avx512')) customOpsSuite('avx512');
