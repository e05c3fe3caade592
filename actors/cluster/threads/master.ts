/** The thread of one master's store and API together. */
import { apiServerRole } from '../../apiserver/main.ts';
import { gatewayRole } from '../../gateway/main.ts';
import { runWorker } from '../../runtime/worker-main.ts';
import { storeRole } from '../../store/main.ts';

runWorker([storeRole, apiServerRole, gatewayRole]);
