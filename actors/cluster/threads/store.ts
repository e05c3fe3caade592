/** The thread of one store replica. */
import { runWorker } from '../../runtime/worker-main.ts';
import { storeRole } from '../../store/main.ts';

runWorker([storeRole]);
