/** The thread of one master's API: the gateway, and the API server behind it. */
import { apiServerRole } from '../../apiserver/main.ts';
import { gatewayRole } from '../../gateway/main.ts';
import { runWorker } from '../../runtime/worker-main.ts';

runWorker([apiServerRole, gatewayRole]);
