import { Cluster } from '../actors/cluster/index.ts';
import { execFileSync } from 'node:child_process';
const simulated = process.argv[2] === 'sim';
const t0 = performance.now();
const cluster = await Cluster.start({ masters: 3, nodes: 0, ...(simulated ? { simulated: { seed: 1 } } : {}) });
console.log('ready', (performance.now() - t0).toFixed(0), 'ms');
cluster.logs$.subscribe((l) => console.log('log', l));
cluster.events$.subscribe((e) => { if (e.type === 'actorFailed') console.log(JSON.stringify(e)); });
const made = await cluster.apply('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: "1"}\n');
console.log(JSON.stringify(made));
console.log((await cluster.apply('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: "1"}\n'))[0]!.change);
console.log((await cluster.apply('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {y: "1"}\n'))[0]!.object);
console.log(await cluster.api.get('cm/b').catch((e) => e.status));
if (!simulated) {
  const k = (...a: string[]) => { try { console.log('$ kubectl', a.join(' ')); console.log(execFileSync('/usr/lib/google-cloud-sdk/bin/kubectl.1.33', ['--kubeconfig', cluster.kubeconfigPath, ...a], { encoding: 'utf8', timeout: 20000 })); } catch (e) { console.log((e as Error).message); } };
  k('get', 'cm'); k('get', 'ns'); k('get', 'cm', 'a', '-o', 'yaml'); k('version'); k('api-resources'); k('get', 'svc');
}
await cluster.stop();
