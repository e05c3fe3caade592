/** What runs inside every worker thread: one host, its control offered over Comlink. Thread entries call `runWorker` with their roles. */

import { parentPort, workerData } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { AnyRole } from '../../src/actor/behaviour.ts';
import { must } from '../../src/base/assert.ts';
import type { ThreadBirth, ThreadEvent } from './thread-control.ts';
import { ThreadWorld } from './thread-world.ts';

/** Runs a host that can start actors of `roles`, until the thread is terminated. */
export function runWorker(roles: readonly AnyRole[]): void {
  const birth = workerData as ThreadBirth;
  let waiting: ThreadEvent[] = [];
  const report = (event: ThreadEvent): void => {
    if (waiting.length === 0) setImmediate(flush);
    waiting.push(event);
  };
  const flush = (): void => {
    birth.reports.postMessage(waiting);
    waiting = [];
  };
  const world = new ThreadWorld({
    thread: birth.thread,
    clusterSeed: birth.clusterSeed,
    roles,
    report,
    pauseFlag: new Int32Array(birth.pauseFlag),
  });
  expose(world.control(), nodeEndpoint(must(parentPort, 'runWorker runs in a worker thread')));
}
