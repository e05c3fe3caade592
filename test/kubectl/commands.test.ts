/**
 * Goal: every command of kubectl that Kubernetes' users know does here what it does there. Method: chapters of commands, each with its usual output;
 * in the middle of each chapter the leading master is killed, and it comes back at the end. The newest kubectl of this machine runs
 * them, or with `KUBECTL_VERSIONS=all` each; skipped, visibly, where there is none.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Cluster } from '../../actors/cluster/index.ts';
import { type Binary, chosenBinaries } from './binaries.ts';
import { Kubectl, type Outcome, printed } from './kubectl.ts';

const chosen = chosenBinaries();
const none: Binary = { path: '', version: '(skipped: there is no kubectl 1.28 or newer on this machine)' };

let cluster: Cluster;
let folder: string;

beforeAll(async () => {
  if (chosen.length === 0) return;
  folder = mkdtempSync(join(tmpdir(), 'threemaster-commands-'));
  cluster = await Cluster.start({ masters: 3, nodes: 3 });
});

afterAll(async () => {
  await cluster?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

const web = (replicas: number, image = 'nginx:1', name = 'web'): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, labels: { app: ${name} } }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: main, image: "${image}" }], terminationGracePeriodSeconds: 1 }
`;

describe.skipIf(chosen.length === 0).each(chosen.length === 0 ? [none] : chosen)('kubectl $version', (binary) => {
  const namespace = `commands-${binary.version.replace('.', '-')}`;
  let kubectl: Kubectl;

  beforeAll(async () => {
    kubectl = new Kubectl(binary, cluster.kubeconfigPath);
    await kubectl.ok(`create namespace ${namespace}`);
  });

  afterAll(async () => {
    await kubectl?.ok(`delete namespace ${namespace}`);
    kubectl?.[Symbol.dispose]();
  });

  const run = (command: string, input?: string): Promise<Outcome> => kubectl.run(`-n ${namespace} ${command}`, input);
  const ok = (command: string, input?: string): Promise<string> => kubectl.ok(`-n ${namespace} ${command}`, input);
  const start = (command: string): ChildProcess => kubectl.start(`-n ${namespace} ${command}`);
  const available = async (name: string): Promise<void> => {
    expect(await ok(`rollout status deployment ${name} --timeout=30s`)).toContain('successfully rolled out');
  };
  /** Runs `first`, kills the leading master, runs `second` against the two others, and brings the master back. */
  const chapter = (name: string, first: () => Promise<void>, second: () => Promise<void>): void =>
    test(name, async () => {
      await first();
      const leader = await cluster.leader();
      await leader.kill();
      try {
        await second();
      } finally {
        await leader.restart();
        await cluster.ready();
      }
    });

  chapter(
    'what the cluster is and has: version, cluster-info, api-resources, api-versions, explain',
    async () => {
      expect(await ok('version')).toContain('Server Version: v1.36.0');
      expect(await ok('cluster-info')).toContain('Kubernetes control plane');
      expect(await ok('api-versions')).toMatch(/\napps\/v1\n/);
    },
    async () => {
      const resources = await ok('api-resources');
      expect(resources).toMatch(/deployments +deploy +apps\/v1 +true +Deployment/);
      expect(resources).toMatch(/nodes +no +v1 +false +Node/);
      expect(await ok('api-resources --namespaced=false -o name')).toContain('persistentvolumes');
      const explained = await ok('explain deployment.spec.strategy');
      expect(explained).toContain('rollingUpdate');
      expect(explained).toContain('Type of deployment');
      expect(await ok('explain pod.spec.containers --recursive')).toContain('livenessProbe');
      expect(await ok('get --raw /version')).toContain('v1.36.0');
    },
  );

  chapter(
    'objects made by name: create, run, expose',
    async () => {
      expect(await ok('create configmap words --from-literal=one=eins')).toBe('configmap/words created\n');
      expect(await ok('create secret generic keys --from-literal=password=hunter2')).toBe('secret/keys created\n');
      expect(await ok('create deployment made --image=nginx:1 --replicas=2')).toBe('deployment.apps/made created\n');
      expect(await ok('create service clusterip made --tcp=80:8080')).toBe('service/made created\n');
    },
    async () => {
      expect(await ok('create serviceaccount robot')).toBe('serviceaccount/robot created\n');
      expect(await ok('create role reader --verb=get,list --resource=pods')).toContain('reader created');
      expect(await ok(`create rolebinding reads --role=reader --serviceaccount=${namespace}:robot`)).toContain(
        'created',
      );
      const token = (await ok('create token robot')).trim();
      expect(token.split('.')).toHaveLength(3);
      expect((await run(`--token=${token} auth can-i list pods`)).stdout).toBe('yes\n');
      expect((await run(`--token=${token} auth can-i delete pods`)).stdout).toContain('no');
      expect(await ok('create configmap dry --from-literal=a=b --dry-run=server -o name')).toBe('configmap/dry\n');
      expect((await run('get configmap dry')).stderr).toContain('NotFound');
      expect(await ok('run single --image=nginx:1 --labels=app=single')).toBe('pod/single created\n');
      expect(await ok('expose pod single --port=80')).toBe('service/single exposed\n');
      await ok('wait pod/single --for=condition=Ready --timeout=60s');
    },
  );

  chapter(
    'get in every form',
    async () => {
      await ok('apply -f -', web(2));
      await available('web');
      expect(await ok('get deployment web')).toMatch(/web +2\/2 +2 +2 +\d+s/);
      expect(await ok('get pods -l app=web -o wide')).toMatch(/web-\w+-\w+ +1\/1 +Running +0 +\d+s +[\d.]+ +node-\d/);
      expect(await ok('get deployment web -o yaml')).toContain('kind: Deployment');
    },
    async () => {
      expect(JSON.parse(await ok('get deployment web -o json')).spec.replicas).toBe(2);
      expect(await ok('get pods -l app=web -o jsonpath={.items[*].status.phase}')).toBe('Running Running');
      expect(await ok('get pods -l app=web -o custom-columns=PHASE:.status.phase --no-headers')).toBe(
        'Running\nRunning\n',
      );
      expect(await ok('get pods --field-selector=status.phase=Failed')).toBe('');
      expect(await kubectl.ok('get pods -A')).toMatch(new RegExp(`${namespace} +web-`));
      const sorted = await ok('get pods -l app=web --sort-by=.metadata.name -o name');
      // kubectl reads the numbers in names as numbers: c9 comes before c55.
      const asNumbers = new Intl.Collator('en', { numeric: true });
      expect(sorted.trim().split('\n')).toEqual(sorted.trim().split('\n').toSorted(asNumbers.compare));
      const everything = await ok('get all');
      for (const name of ['deployment.apps/web', 'replicaset.apps/web-', 'pod/web-', 'service/made'])
        expect(everything).toContain(name);
      const watching = start('get deployment web -w');
      await printed(watching, '2/2');
      await ok('scale deployment web --replicas=3');
      await printed(watching, '3/3');
      watching.kill();
      expect(await ok('get deployments,services -o name')).toContain('service/made');
    },
  );

  chapter(
    'describe, logs and events',
    async () => {
      expect(await ok('describe deployment web')).toMatch(/Replicas: +3 desired/);
      const pod = (await ok('get pods -l app=web -o name')).split('\n')[0] ?? '';
      expect(await ok(`describe ${pod}`)).toContain('Started');
      expect((await run(`logs ${pod}`)).code).toBe(0);
      expect((await run('logs deployment/web')).code).toBe(0);
    },
    async () => {
      expect(await ok('describe service made')).toContain('TargetPort:');
      expect(await ok('describe node node-0')).toContain('Allocated resources');
      expect(await ok('describe namespace default')).toContain('Active');
      expect(await ok('events --for deployment/web')).toContain('ScalingReplicaSet');
      expect(await ok('get events --field-selector=involvedObject.kind=Deployment')).toContain('ScalingReplicaSet');
      expect((await run('logs -l app=web --tail=5')).code).toBe(0);
    },
  );

  chapter(
    'apply on the client, diff, edit and replace',
    async () => {
      expect(await ok('apply -f -', web(1, 'nginx:1', 'applied'))).toBe('deployment.apps/applied created\n');
      expect(await ok('apply -f -', web(1, 'nginx:1', 'applied'))).toBe('deployment.apps/applied unchanged\n');
      expect((await run('diff -f -', web(1, 'nginx:2', 'applied'))).stdout).toContain(
        '+        - image: nginx:2'.slice(9),
      );
    },
    async () => {
      expect(await ok('apply -f -', web(1, 'nginx:2', 'applied'))).toBe('deployment.apps/applied configured\n');
      expect((await run('diff -f -', web(1, 'nginx:2', 'applied'))).code).toBe(0);
      vi.stubEnv('KUBE_EDITOR', 'sed -i s/nginx:2/nginx:3/');
      expect(await ok('edit deployment applied')).toBe('deployment.apps/applied edited\n');
      vi.unstubAllEnvs();
      // Between its read and its write a replace takes no other write, and a rollout writes its status.
      await available('applied');
      expect(await ok('replace -f -', web(1, 'nginx:4', 'applied'))).toBe('deployment.apps/applied replaced\n');
      const kustomized = join(folder, `${namespace}-kustomize`);
      mkdirSync(kustomized);
      writeFileSync(join(kustomized, 'kustomization.yaml'), 'resources: [web.yaml]\nnamePrefix: kustom-\n');
      writeFileSync(join(kustomized, 'web.yaml'), web(0));
      expect(await ok(`apply -k ${kustomized}`)).toBe('deployment.apps/kustom-web created\n');
      const labelled = (name: string): string =>
        `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, labels: { set: pruned } }\n`;
      await ok('apply -f -', `${labelled('keep')}---\n${labelled('drop')}`);
      expect(await ok('apply --prune -l set=pruned -f -', labelled('keep'))).toContain('configmap/drop pruned');
    },
  );

  chapter(
    'apply on the server',
    async () => {
      expect(await ok('apply --server-side -f -', web(1, 'nginx:1', 'owned'))).toBe(
        'deployment.apps/owned serverside-applied\n',
      );
      expect(await ok('apply --server-side -f -', web(1, 'nginx:1', 'owned'))).toContain('serverside-applied');
      expect((await run('diff --server-side -f -', web(2, 'nginx:1', 'owned'))).code).toBe(1);
    },
    async () => {
      const conflict = await run('apply --server-side --field-manager=other -f -', web(5, 'nginx:1', 'owned'));
      expect(conflict.code).toBe(1);
      expect(conflict.stderr).toContain('conflict with "kubectl"');
      expect(conflict.stderr).toContain('.spec.replicas');
      const forced = 'apply --server-side --field-manager=other --force-conflicts -f -';
      expect(await ok(forced, web(2, 'nginx:1', 'owned'))).toContain('serverside-applied');
      expect(await ok('get deployment owned -o jsonpath={.spec.replicas}')).toBe('2');
      expect(await ok('apply --server-side --force-conflicts -f -', web(1, 'nginx:5', 'applied'))).toContain(
        'serverside-applied',
      );
      expect(await ok('get deployment owned -o yaml --show-managed-fields')).toContain('manager: other');
    },
  );

  chapter(
    'patch, label, annotate, scale and set',
    async () => {
      expect(await ok('patch deployment web -p {"metadata":{"labels":{"tier":"a"}}}')).toBe(
        'deployment.apps/web patched\n',
      );
      expect(await ok('patch deployment web --type=merge -p {"metadata":{"labels":{"tier":"b"}}}')).toContain(
        'patched',
      );
      const replace = '[{"op":"replace","path":"/metadata/labels/tier","value":"c"}]';
      expect(await ok(`patch deployment web --type=json -p ${replace}`)).toContain('patched');
      expect(await ok('get deployment web -o jsonpath={.metadata.labels.tier}')).toBe('c');
    },
    async () => {
      expect(await ok('patch deployment web --subresource=scale --type=merge -p {"spec":{"replicas":2}}')).toContain(
        'patched',
      );
      expect(await ok('label deployment web tier=d --overwrite')).toBe('deployment.apps/web labeled\n');
      expect(await ok('annotate deployment web note=kept')).toBe('deployment.apps/web annotated\n');
      expect(await ok('scale deployment web --replicas=1')).toBe('deployment.apps/web scaled\n');
      expect(await ok('set image deployment/web main=nginx:6')).toBe('deployment.apps/web image updated\n');
      await available('web');
      const found = await ok(
        'get deployment web -o jsonpath={.spec.replicas},{.metadata.labels.tier},{.metadata.annotations.note}',
      );
      expect(found).toBe('1,d,kept');
    },
  );

  chapter(
    'rollout: status, history, undo, restart, pause and resume',
    async () => {
      await ok('apply -f -', web(2, 'nginx:1', 'rolled'));
      await available('rolled');
      expect(await ok('set image deployment/rolled main=nginx:2')).toContain('image updated');
      await available('rolled');
      expect(await ok('rollout history deployment rolled')).toMatch(/REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>/);
      expect(await ok('rollout history deployment rolled --revision=1')).toContain('nginx:1');
    },
    async () => {
      expect(await ok('rollout undo deployment rolled')).toBe('deployment.apps/rolled rolled back\n');
      await available('rolled');
      expect(await ok('get deployment rolled -o jsonpath={.spec.template.spec.containers[0].image}')).toBe('nginx:1');
      expect(await ok('rollout history deployment rolled')).toMatch(/\n2 +<none>\n3 +<none>/);
      expect(await ok('rollout restart deployment rolled')).toBe('deployment.apps/rolled restarted\n');
      await available('rolled');
      expect(await ok('rollout pause deployment rolled')).toBe('deployment.apps/rolled paused\n');
      await ok('set image deployment/rolled main=nginx:7');
      expect((await run('rollout status deployment rolled --timeout=1s')).code).toBe(1);
      expect(await ok('rollout resume deployment rolled')).toBe('deployment.apps/rolled resumed\n');
      await available('rolled');
      expect(await ok('get pods -l app=rolled -o jsonpath={.items[*].spec.containers[0].image}')).toContain('nginx:7');
    },
  );

  chapter(
    'delete and wait in every manner',
    async () => {
      for (const name of ['background', 'foreground', 'orphan']) await ok('apply -f -', web(1, 'nginx:1', name));
      for (const name of ['background', 'foreground', 'orphan']) await available(name);
      expect(await ok('delete deployment background')).toContain('"background" deleted');
      expect(await ok('delete deployment foreground --cascade=foreground')).toContain('"foreground" deleted');
      expect(await ok('get pods -l app=foreground -o name')).toBe('');
    },
    async () => {
      expect(await ok('delete deployment orphan --cascade=orphan')).toContain('"orphan" deleted');
      expect(await ok('get replicasets -l app=orphan -o name')).toContain('replicaset.apps/orphan-');
      const sets = (await ok('get replicasets -l app=orphan -o name')).trim();
      expect(await ok(`delete ${sets} --wait=false`)).toContain('deleted');
      expect(await ok('delete pod single --force --grace-period=0')).toContain('deleted');
      expect(await ok('wait pod/single --for=delete --timeout=30s')).toBe('');
      await ok('create configmap gone');
      const waiting = start('wait configmap/gone --for=delete --timeout=30s');
      const ended = once(waiting, 'exit');
      await ok('delete configmap gone --now');
      expect((await ended)[0]).toBe(0);
      expect(await ok('wait deployment/web --for=condition=Available --timeout=30s')).toContain('condition met');
      expect(await ok('wait deployment/web --for=jsonpath={.spec.replicas}=1 --timeout=30s')).toContain(
        'condition met',
      );
      expect(await ok('delete configmaps -l set=pruned')).toContain('"keep" deleted');
    },
  );

  chapter(
    'nodes: cordon, taint, drain, uncordon',
    async () => {
      expect(await ok('cordon node-2')).toBe('node/node-2 cordoned\n');
      expect(await ok('get node node-2')).toContain('SchedulingDisabled');
      expect(await ok('taint node node-1 key=value:NoSchedule')).toBe('node/node-1 tainted\n');
    },
    async () => {
      expect(await ok('taint node node-1 key:NoSchedule-')).toBe('node/node-1 untainted\n');
      expect(await ok('drain node-2 --ignore-daemonsets --force --delete-emptydir-data --timeout=60s')).toContain(
        'node/node-2 drained',
      );
      const left = await kubectl.ok('get pods -A --field-selector=spec.nodeName=node-2,status.phase=Running -o name');
      expect(left).toBe('');
      expect(await ok('uncordon node-2')).toBe('node/node-2 uncordoned\n');
    },
  );

  chapter(
    'who may do what: auth can-i, whoami, --as',
    async () => {
      expect(await ok('auth can-i create pods')).toBe('yes\n');
      expect(await ok('auth whoami')).toMatch(/Username +kubernetes-admin/);
    },
    async () => {
      expect(await ok('auth can-i --list')).toMatch(/\*\.\* +\[\] +\[\] +\[\*\]/);
      const asRobot = `--as=system:serviceaccount:${namespace}:robot`;
      expect(await ok(`auth can-i --list ${asRobot}`)).toMatch(/pods +\[\] +\[\] +\[get list\]/);
      expect((await run(`auth can-i delete pods ${asRobot}`)).stdout).toContain('no');
      expect(await ok(`get pods -o name ${asRobot}`)).toContain('pod/');
      const refused = await run(`delete pod x ${asRobot}`);
      expect(refused.stderr).toContain(`User "system:serviceaccount:${namespace}:robot" cannot delete resource "pods"`);
    },
  );

  chapter(
    'proxy',
    async () => {
      await ok('get namespace default');
    },
    async () => {
      const proxy = start('proxy --port=0');
      const [, address = ''] = /on (\S+:\d+)/.exec(await printed(proxy, 'Starting to serve on')) ?? [];
      const response = await fetch(`http://${address}/api/v1/namespaces/${namespace}/configmaps/words`);
      expect(((await response.json()) as { data: object }).data).toEqual({ one: 'eins' });
      proxy.kill();
    },
  );
});
