/** The custom operations forced to generic; a file of its own, since the choice is made once a process. */
import { processorRuns } from './customOpsMachine.js';
import { customOpsSuite } from './customOpsSuite.js';

if (processorRuns('generic')) customOpsSuite('generic');
