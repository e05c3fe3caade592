/** What pods are made of, as the newest kubectl of this machine sees it. Skipped, visibly, where there is none. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../../actors/cluster/index.ts';
import { kubectlBinaries } from './binaries.ts';
import { Kubectl } from './kubectl.ts';

const newest = kubectlBinaries().at(-1);

const mounted = `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: red}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: web:1
      volumeMounts: [{name: settings, mountPath: /etc/settings, readOnly: true}]
  volumes: [{name: settings, configMap: {name: settings}}]
`;

const incomplete = `
apiVersion: v1
kind: Pod
metadata: {name: unset}
spec:
  containers:
    - name: main
      image: main:1
      env: [{name: COLOUR, valueFrom: {configMapKeyRef: {name: missing, key: colour}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: unmounted}
spec:
  containers: [{name: main, image: main:1, volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, secret: {secretName: missing}}]
`;

const unfit = `
apiVersion: v1
kind: Pod
metadata: {name: unfit}
spec:
  nodeName: node-0
  nodeSelector: {disk: fast}
  containers: [{name: main, image: main:1}]
`;

describe.skipIf(newest === undefined)(`kubectl ${newest?.version ?? '(skipped: there is none here)'}`, () => {
  let cluster: Cluster;
  let kubectl: Kubectl;

  beforeAll(async () => {
    if (newest === undefined) return;
    cluster = await Cluster.start({ masters: 1, nodes: 1 });
    kubectl = new Kubectl(newest, cluster.kubeconfigPath);
  });

  afterAll(async () => {
    kubectl?.[Symbol.dispose]();
    await cluster?.stop();
  });

  test('a config map that is mounted is shown by describe', async () => {
    await kubectl.ok('apply -f -', mounted);
    await kubectl.ok('wait --for=condition=Ready pod/web --timeout=30s');
    const text = await kubectl.ok('describe pod web');
    expect(text).toMatch(/Mounts:\n\s+\/etc\/settings from settings \(ro\)/);
    expect(text).toMatch(/settings:\n\s+Type:\s+ConfigMap \(a volume populated by a ConfigMap\)\n\s+Name:\s+settings/);
    expect(text).toMatch(/PodReadyToStartContainers\s+True/);
  });

  test('an ephemeral container of debug runs beside the others', async () => {
    await kubectl.ok('debug web --image=busybox:1 --container=debugger --attach=false -- sleep infinity');
    const state = '{.status.ephemeralContainerStatuses[0].state.running.startedAt}';
    await kubectl.ok(`wait --for=jsonpath=${state} pod/web --timeout=30s`);
    const text = await kubectl.ok('describe pod web');
    expect(text).toMatch(/Ephemeral Containers:\n\s+debugger:[\s\S]+State:\s+Running/);
    expect(await kubectl.ok('get pod web --no-headers')).toMatch(/^web\s+1\/1\s+Running\s+0 /);
  });

  test('what a container or a volume lacks is told, and the pod starts when it comes', async () => {
    await kubectl.ok('apply -f -', incomplete);
    const reason = '{.status.containerStatuses[0].state.waiting.reason}';
    await kubectl.ok(`wait --for=jsonpath=${reason}=CreateContainerConfigError pod/unset --timeout=30s`);
    expect(await kubectl.ok('get pod unset --no-headers')).toMatch(/^unset\s+0\/1\s+CreateContainerConfigError\s+0 /);
    expect(await kubectl.ok('describe pod unset')).toContain('Error: configmap "missing" not found');
    expect(await kubectl.ok('get pod unmounted --no-headers')).toMatch(/^unmounted\s+0\/1\s+ContainerCreating\s+0 /);
    const text = await kubectl.ok('describe pod unmounted');
    expect(text).toMatch(
      /Warning\s+FailedMount .*MountVolume.SetUp failed for volume "data" : secret "missing" not found/,
    );
    await kubectl.ok('create configmap missing --from-literal=colour=red');
    await kubectl.ok('create secret generic missing --from-literal=key=value');
    await kubectl.ok('wait --for=condition=Ready pod/unset pod/unmounted --timeout=30s');
  });

  test('a pod that its node refuses has failed, and says why', async () => {
    await kubectl.ok('apply -f -', unfit);
    await kubectl.ok('wait --for=jsonpath={.status.phase}=Failed pod/unfit --timeout=30s');
    expect(await kubectl.ok('get pod unfit --no-headers')).toMatch(/^unfit\s+0\/1\s+NodeAffinity\s+0 /);
    expect(await kubectl.ok('describe pod unfit')).toContain(
      "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    );
  });
});
