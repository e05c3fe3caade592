/** The thread of the registry. */
import { registryRole } from '../../registry/main.ts';
import { runWorker } from '../../runtime/worker-main.ts';

runWorker([registryRole]);
