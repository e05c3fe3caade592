/**
 * From the death of the leader to the next acknowledged write, as a client sees it that asks another master at once: kill (the thread is
 * terminated) and pause (it stands still and nobody is told). `npm run bench -- failover [rounds]`.
 */
import { Cluster, type StoreRequestError } from '../actors/cluster/index.ts';
import { type Figure, median, quantile } from './statistics.ts';

/** Milliseconds until a write is acknowledged by a master other than `dead`; definite failures are tried again at once. */
async function untilWritten(cluster: Cluster, dead: string, key: string): Promise<number> {
  const alive = cluster.masters().filter((master) => master !== dead);
  const startedMs = cluster.nowMs();
  for (let attempt = 0; ; attempt += 1) {
    const replica = `${alive[attempt % alive.length]}/store`;
    try {
      await cluster.store.put(key, 'x', { replica, timeoutMs: 10_000 });
      return cluster.nowMs() - startedMs;
    } catch (error) {
      if (!(error as StoreRequestError).definite) throw error;
    }
  }
}

async function failovers(rounds: number, how: 'kill' | 'pause'): Promise<number[]> {
  await using cluster = await Cluster.start({ masters: 3, nodes: 0 });
  const samples: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const leader = await cluster.leader();
    if (how === 'kill') await leader.kill();
    else await leader.pause();
    samples.push(await untilWritten(cluster, leader.name, `${how}/${round}`));
    if (how === 'kill') await leader.restart();
    else await leader.resume();
    // The next round begins when all three stand again, with the write that the dead one missed.
    await cluster.store.get(`${how}/${round}`, { replica: `${leader.name}/store` });
  }
  return samples;
}

export async function benchFailover(rounds = 50): Promise<Figure[]> {
  const killed = await failovers(rounds, 'kill');
  const paused = await failovers(rounds, 'pause');
  const note = `${rounds} rounds`;
  return [
    { name: 'leader killed to next acknowledged write, median', value: median(killed), unit: 'ms', note },
    { name: 'leader killed to next acknowledged write, p99', value: quantile(killed, 0.99), unit: 'ms', note },
    { name: 'leader paused to next acknowledged write, median', value: median(paused), unit: 'ms', note },
    { name: 'leader paused to next acknowledged write, p99', value: quantile(paused, 0.99), unit: 'ms', note },
  ];
}
