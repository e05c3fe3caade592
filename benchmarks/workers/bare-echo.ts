/** The yardstick: a worker that answers bare postMessage, without any of our code. */
import { type MessagePort, parentPort } from 'node:worker_threads';

parentPort?.on('message', (port: MessagePort) => {
  port.on('message', (message: unknown) => port.postMessage(message));
});
