/** The thread of one node: its kubelet and its container runtime. */
import { kubeletRole, nodeRuntimeRole } from '../../kubelet/main.ts';
import { runWorker } from '../../runtime/worker-main.ts';

runWorker([kubeletRole, nodeRuntimeRole]);
