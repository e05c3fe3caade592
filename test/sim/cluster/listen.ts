/** What every run of a simulated cluster listens to: an actor or a thread that fails is a violation, whatever else holds; what actors say is told. */
import type { Cluster } from '../../../actors/cluster/index.ts';

export function listen(cluster: Cluster, violate: (what: string) => void, say: (line: string) => void): void {
  cluster.events$.subscribe((event) => {
    if (event.type === 'actorFailed') {
      const { path, phase, inputType, error } = event.fault;
      violate(`${path} failed in ${phase} of ${inputType}: ${error.stack}`);
    } else if (event.type === 'threadCrashed') violate(`${event.thread} crashed: ${event.reason}`);
  });
  cluster.logs$.subscribe(({ actor, level, message, fields }) => {
    if (level !== 'debug') say(`${actor} ${level} ${message} ${JSON.stringify(fields)}`);
  });
}
