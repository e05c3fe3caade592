/** The thread of the balancer. */
import { balancerRole } from '../../balancer/main.ts';
import { runWorker } from '../../runtime/worker-main.ts';

runWorker([balancerRole]);
