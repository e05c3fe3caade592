/** The thread of one master's controllers and scheduler. */
import { controllerRole, controllersRole } from '../../controllers/main.ts';
import { runWorker } from '../../runtime/worker-main.ts';
import { schedulerRole } from '../../scheduler/main.ts';

runWorker([controllersRole, controllerRole, schedulerRole]);
