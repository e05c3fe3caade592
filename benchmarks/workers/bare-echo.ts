/** The yardstick: two workers that speak bare postMessage over a direct port, without any of our code. One echoes, the other measures. */
import { performance } from 'node:perf_hooks';
import { type MessagePort, parentPort } from 'node:worker_threads';

interface Assignment {
  readonly port: MessagePort;
  /** 0: echo. */
  readonly rounds: number;
  readonly atOnce: number;
  readonly payload: Uint8Array;
}

parentPort?.on('message', ({ port, rounds, atOnce, payload }: Assignment) => {
  if (rounds === 0) {
    port.on('message', (message: unknown) => port.postMessage(message));
    return;
  }
  let sent = 0;
  let answered = 0;
  const startedMs = performance.now();
  const send = (): void => {
    sent += 1;
    port.postMessage({ id: sent, type: 'echo', payload });
  };
  port.on('message', () => {
    answered += 1;
    if (answered === rounds) parentPort?.postMessage(performance.now() - startedMs);
    else if (sent < rounds) send();
  });
  for (let first = 0; first < atOnce; first += 1) send();
});
