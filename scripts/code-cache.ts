/** Leaves V8's compiled code beside the thread bundles of dist/: runs a small cluster for as long as an application takes to come up, then asks its threads. */
import { Cluster } from '../actors/cluster/index.ts';
import { type CodeCacheAnswer, codeCacheVariable } from '../actors/runtime/code-cache.ts';

const bundles = ['store', 'api', 'control', 'node', 'balancer'];
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
const channel = new BroadcastChannel('code-cache');
const cluster = await Cluster.start();
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
