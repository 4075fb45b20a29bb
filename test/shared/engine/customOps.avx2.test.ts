/** The custom operations forced to avx2; a file of its own, since the choice is made once a process. */
import { processorRuns } from './customOpsMachine.js';
import { customOpsSuite } from './customOpsSuite.js';

if (processorRuns('avx2')) customOpsSuite('avx2');
