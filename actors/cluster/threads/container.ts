/** The thread of one container of the runtime `worker`. */
import { runContainer } from '../../programs/container-main.ts';

runContainer();
