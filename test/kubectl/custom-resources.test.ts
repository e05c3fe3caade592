/** Unmodified kubectl and a real operator's definitions: they are established, explained, filled with objects, and go. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../../actors/cluster/index.ts';
import { type Binary, kubectlBinaries } from './binaries.ts';
import { Kubectl } from './kubectl.ts';

const newest: Binary | undefined = kubectlBinaries().at(-1);
/** Definitions of cert-manager, where this machine has them. */
const certManager = resolve('../shared/inputs/cert-manager-crds.yaml');
const example = readFileSync(new URL('../../examples/crontab.yaml', import.meta.url), 'utf8');

let cluster: Cluster;
let kubectl: Kubectl;

beforeAll(async () => {
  if (newest === undefined) return;
  cluster = await Cluster.start({ masters: 3, nodes: 1 });
  kubectl = new Kubectl(newest, cluster.kubeconfigPath);
});

afterAll(async () => {
  kubectl?.[Symbol.dispose]();
  await cluster?.stop();
});

describe.skipIf(newest === undefined)('kubectl', () => {
  test('a definition and its objects: columns, short names, scale, validation, categories, deletion', async () => {
    const [definition = '', object = ''] = example.split('\n---\n');
    await kubectl.ok('apply -f -', definition);
    await kubectl.ok('wait --for=condition=Established crd/crontabs.stable.example.com');
    expect(await kubectl.ok('apply -f -', object)).toContain('crontab.stable.example.com/nightly created');
    expect(await kubectl.ok('apply -f -', object)).toContain('crontab.stable.example.com/nightly unchanged');
    expect(await kubectl.ok('get ct')).toMatch(/^NAME +SPEC +REPLICAS +AGE\nnightly +\* \* \* \* \*\/5 +2 +\d+s\n$/);
    expect(await kubectl.ok('get all')).toContain('crontab.stable.example.com/nightly');
    expect(await kubectl.ok('scale crontab nightly --replicas=3')).toContain('scaled');
    expect(await kubectl.ok('get ct nightly -o jsonpath={.spec.replicas}')).toBe('3');
    expect(await kubectl.ok('explain crontab.spec')).toContain('How many of it run.');
    const refused = await kubectl.run('apply -f -', object.replace('replicas: 2', 'replicas: 99'));
    expect(refused.stderr).toContain('spec.replicas in body should be less than or equal to 10');
    const unknown = await kubectl.run('apply -f -', object.replace('replicas: 2', 'colour: red'));
    expect(unknown.stderr).toContain('strict decoding error: unknown field "spec.colour"');
    const rule = await kubectl.run('apply -f -', object.replace('replicas: 2', 'replicas: 7'));
    expect(rule.stderr).toContain('seven is unlucky');
    await kubectl.ok('delete crd crontabs.stable.example.com --timeout=20s');
    expect((await kubectl.run('get --raw /apis/stable.example.com')).stderr).toContain(
      'could not find the requested resource',
    );
  });

  test.skipIf(!existsSync(certManager))('the definitions of cert-manager, twice', async () => {
    const manifests = readFileSync(certManager, 'utf8');
    await kubectl.ok('apply -f -', manifests);
    await kubectl.ok('wait --for=condition=Established crd --all');
    const again = (await kubectl.ok('apply -f -', manifests)).trim().split('\n');
    expect(again.every((line) => line.endsWith(' unchanged'))).toBe(true);
    expect(await kubectl.ok('explain certificate.spec --api-version=cert-manager.io/v1')).toContain(
      'Specification of the desired state of the Certificate resource.',
    );
    const certificate = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'web' },
      spec: { secretName: 'web-tls', dnsNames: ['example.com'], issuerRef: { name: 'ca' } },
    };
    await kubectl.ok('create -f -', JSON.stringify(certificate));
    expect(await kubectl.ok('get certificates')).toMatch(/^NAME +READY +SECRET +AGE\nweb +web-tls +\d+s\n$/);
  });
});
