/** Leaves V8's compiled code beside the thread bundles of dist/: runs small clusters for as long as an application takes to come up, then asks their threads. */
import { Cluster, type ClusterOptions } from '../actors/cluster/index.ts';
import { type CodeCacheAnswer, codeCacheVariable } from '../actors/runtime/code-cache.ts';

const application = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: warm}
spec:
  replicas: 2
  selector: {matchLabels: {app: warm}}
  template:
    metadata: {labels: {app: warm}}
    spec: {containers: [{name: main, image: warm}]}
`;

process.env[codeCacheVariable] = 'code-cache';
await writeCaches({ threadsPerMaster: 3 }, ['store', 'api', 'control', 'node', 'balancer']);
await writeCaches({ threadsPerMaster: 2 }, ['master']);

async function writeCaches(options: ClusterOptions, bundles: readonly string[]): Promise<void> {
  const channel = new BroadcastChannel('code-cache');
  const cluster = await Cluster.start(options);
  try {
    await cluster.apply(application);
    await cluster.waitFor('deployment/warm', 'Available');
    const missing = new Set(bundles);
    const done = new Promise<void>((resolve, reject) => {
      channel.onmessage = ({ data }: { readonly data?: unknown }) => {
        const { bundle, failure } = data as CodeCacheAnswer;
        if (failure !== '') reject(new Error(`${bundle}: ${failure}`));
        missing.delete(bundle);
        if (missing.size === 0) resolve();
      };
    });
    channel.postMessage('write');
    await done;
  } finally {
    channel.close();
    await cluster.stop();
  }
}
