/** Daemon sets, stateful sets, jobs and cron jobs as the newest kubectl of this machine sees them. Skipped, visibly, where there is none. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../../actors/cluster/index.ts';
import { kubectlBinaries } from './binaries.ts';
import { Kubectl } from './kubectl.ts';

const newest = kubectlBinaries().at(-1);

const agents = `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {terminationGracePeriodSeconds: 1, containers: [{name: agent, image: agent:1}]}
`;

const databases = `
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 3
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {terminationGracePeriodSeconds: 1, containers: [{name: db, image: db:1}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: db}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: db}}}
`;

const indexedJob = `
apiVersion: batch/v1
kind: Job
metadata: {name: shards}
spec:
  completions: 4
  parallelism: 2
  completionMode: Indexed
  template:
    spec: {restartPolicy: Never, containers: [{name: shard, image: shard, command: [sleep, "0.1"]}]}
`;

const failing = `
apiVersion: batch/v1
kind: Job
metadata: {name: failing}
spec:
  backoffLimit: 1
  template:
    spec: {restartPolicy: Never, containers: [{name: fail, image: fail, command: [exit, "3"]}]}
`;

describe.skipIf(newest === undefined)(`kubectl ${newest?.version ?? '(skipped: there is none here)'}`, () => {
  let cluster: Cluster;
  let kubectl: Kubectl;

  beforeAll(async () => {
    if (newest === undefined) return;
    cluster = await Cluster.start({ masters: 1, nodes: 3 });
    kubectl = new Kubectl(newest, cluster.kubeconfigPath);
  });

  afterAll(async () => {
    kubectl?.[Symbol.dispose]();
    await cluster?.stop();
  });

  test('a daemon set is rolled out, has a history and goes back', async () => {
    await kubectl.ok('create -f -', agents);
    expect(await kubectl.ok('rollout status daemonset/agent --timeout=60s')).toContain('successfully rolled out');
    expect(await kubectl.ok('get daemonsets')).toMatch(/\nagent +3 +3 +3 +3 +3 +<none> +\d+s/);
    await kubectl.ok('set image daemonset/agent agent=agent:2');
    expect(await kubectl.ok('rollout status daemonset/agent --timeout=60s')).toContain('successfully rolled out');
    expect(await kubectl.ok('rollout history daemonset/agent')).toMatch(/\n1 +<none>\n2 +<none>/);
    expect(await kubectl.ok('rollout history daemonset/agent --revision=1')).toContain('agent:1');
    expect(await kubectl.ok('rollout undo daemonset/agent')).toContain('rolled back');
    expect(await kubectl.ok('rollout status daemonset/agent --timeout=60s')).toContain('successfully rolled out');
    const images = await kubectl.ok('get pods -l app=agent -o jsonpath={.items[*].spec.containers[0].image}');
    expect(images).toBe('agent:1 agent:1 agent:1');
    expect(await kubectl.ok('rollout history daemonset/agent')).toMatch(/\n2 +<none>\n3 +<none>/);
    expect(await kubectl.ok('describe daemonset agent')).toContain('SuccessfulCreate');
  });

  test('a stateful set is rolled out in order, has claims and a history, goes back and is scaled', async () => {
    await kubectl.ok('create -f -', databases);
    expect(await kubectl.ok('rollout status statefulset/db --timeout=60s')).toMatch(/rolling update complete|complete/);
    expect(await kubectl.ok('get statefulsets')).toMatch(/\ndb +3\/3 +\d+s/);
    expect(await kubectl.ok('get pvc -o name')).toBe(
      [0, 1, 2].map((ordinal) => `persistentvolumeclaim/data-db-${ordinal}\n`).join(''),
    );
    expect(await kubectl.ok('get pdb')).toMatch(/\ndb +N\/A +1 +1 +\d+s/);
    const names = await kubectl.ok('get endpoints db -o jsonpath={.subsets[*].addresses[*].hostname}');
    expect(names.split(' ').sort()).toEqual(['db-0', 'db-1', 'db-2']);
    await kubectl.ok('set image statefulset/db db=db:2');
    await kubectl.ok('rollout status statefulset/db --timeout=60s');
    expect(await kubectl.ok('rollout history statefulset/db')).toMatch(/\n1 +<none>\n2 +<none>/);
    expect(await kubectl.ok('get controllerrevisions')).toMatch(/\ndb-\w+ +statefulset\.apps\/db +1 +\d+s/);
    expect(await kubectl.ok('rollout undo statefulset/db')).toContain('rolled back');
    await kubectl.ok('rollout status statefulset/db --timeout=60s');
    const images = await kubectl.ok('get pods -l app=db -o jsonpath={.items[*].spec.containers[0].image}');
    expect(images).toBe('db:1 db:1 db:1');
    await kubectl.ok('scale statefulset db --replicas=1');
    await kubectl.ok('wait --for=delete pod/db-1 --timeout=60s');
    expect(await kubectl.ok('get pods -l app=db -o name')).toBe('pod/db-0\n');
  });

  test('jobs complete or fail, and say so', async () => {
    await kubectl.ok('create job hello --image=busybox -- echo hello');
    await kubectl.ok('wait --for=condition=complete job/hello --timeout=60s');
    expect(await kubectl.ok('get jobs')).toMatch(/\nhello +Complete +1\/1 +\d+s +\d+s/);
    await kubectl.ok('create -f -', `${indexedJob}---${failing}`);
    await kubectl.ok('wait --for=condition=complete job/shards --timeout=60s');
    expect(await kubectl.ok('get job shards -o jsonpath={.status.completedIndexes}')).toBe('0-3');
    await kubectl.ok('wait --for=condition=failed job/failing --timeout=60s');
    expect(await kubectl.ok('describe job failing')).toContain('BackoffLimitExceeded');
    expect(await kubectl.ok('get job failing -o jsonpath={.status.failed}')).toBe('2');
    await kubectl.ok('delete job shards');
    await kubectl.ok('wait --for=delete pod -l job-name=shards --timeout=60s');
  });

  test('a cron job is made, started by hand and suspended', async () => {
    await kubectl.ok('create cronjob tick --image=busybox --schedule=@hourly -- true');
    expect(await kubectl.ok('get cronjobs')).toMatch(/\ntick +@hourly +<none> +False +0 +<none> +\d+s/);
    await kubectl.ok('create job by-hand --from=cronjob/tick');
    await kubectl.ok('wait --for=condition=complete job/by-hand --timeout=60s');
    await kubectl.ok('patch cronjob tick -p {"spec":{"suspend":true}}');
    expect(await kubectl.ok('get cronjobs')).toMatch(/\ntick +@hourly +<none> +True/);
    await kubectl.ok('patch cronjob tick -p {"spec":{"schedule":"@every\\u00201s","suspend":false}}');
    await kubectl.ok('wait --for=jsonpath={.status.lastSuccessfulTime} cronjob/tick --timeout=60s');
    const wrong = await kubectl.run('create cronjob wrong --image=busybox --schedule=tomorrow -- true');
    expect(wrong.stderr).toContain(
      'spec.schedule: Invalid value: "tomorrow": expected exactly 5 fields, found 1: [tomorrow]',
    );
  });
});
