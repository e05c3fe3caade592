/** The environment of containers: where values come from, and what a container waits for. */
import { expect, test } from 'vitest';
import type { Container, PodSpec } from '../../../src/kinds/pod/types.ts';
import { NodeBench } from './node-bench.ts';

const image = { image: 'app', imagePullPolicy: 'IfNotPresent' as const };
const main = (rest: Partial<Container>): Partial<PodSpec> => ({ containers: [{ name: 'main', ...image, ...rest }] });
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function environmentOf(bench: NodeBench, name: string): Record<string, string> {
  return Object.fromEntries(bench.config(name).env.map((variable) => [variable.name, variable.value]));
}

test('variables come from fields, resources, config maps, secrets and each other', () => {
  const bench = new NodeBench();
  bench.setObject('configmaps', 'cfg', { data: { COLOUR: 'red', size: 'xl' } });
  bench.setObject('secrets', 'secret', { data: { PASSWORD: base64('hidden') } });
  const resources = { limits: { cpu: '1500m' }, requests: { memory: '100Mi' } };
  bench.add(
    'web',
    main({
      resources,
      envFrom: [{ prefix: 'C_', configMapRef: { name: 'cfg' } }, { secretRef: { name: 'secret' } }],
      env: [
        { name: 'SIZE', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'size' } } },
        { name: 'WORD', valueFrom: { secretKeyRef: { name: 'secret', key: 'PASSWORD' } } },
        { name: 'NONE', valueFrom: { secretKeyRef: { name: 'no', key: 'no', optional: true } } },
        { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
        { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'requests.memory', divisor: '1Mi' } } },
        { name: 'FREE', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Gi' } } },
        { name: 'ALL', value: '$(SIZE) $(C_COLOUR) $(UNKNOWN) $$(SIZE)' },
      ],
      command: ['echo', '$(ALL)'],
    }),
  );
  expect(environmentOf(bench, 'web')).toEqual({
    C_COLOUR: 'red',
    C_size: 'xl',
    PASSWORD: 'hidden',
    SIZE: 'xl',
    WORD: 'hidden',
    IP: '10.244.0.2',
    CPU: '2',
    MEMORY: '100',
    FREE: '8',
    ALL: 'xl red $(UNKNOWN) $(SIZE)',
  });
  expect(bench.config('web').command).toEqual(['echo', 'xl red $(UNKNOWN) $(SIZE)']);
});

const faults: readonly (readonly [string, Partial<Container>, string])[] = [
  ['config map', { envFrom: [{ configMapRef: { name: 'no' } }] }, 'configmap "no" not found'],
  ['secret', { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'no', key: 'a' } } }] }, 'secret "no" not found'],
  [
    'key',
    { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'no' } } }] },
    "couldn't find key no in ConfigMap default/cfg",
  ],
];
test.each(faults)(
  'without its %s a container is not created, and starts when it comes',
  (_what, container, message) => {
    const bench = new NodeBench();
    bench.setObject('configmaps', 'cfg', { data: {} });
    bench.add('web', main(container));
    expect(bench.container('web').state).toEqual({ waiting: { reason: 'CreateContainerConfigError', message } });
    expect(bench.events).toContain(`Failed: Error: ${message}`);
    bench.runFor(25_000);
    expect(bench.events.filter((event) => event.startsWith('Failed'))).toHaveLength(3);
    bench.setObject('configmaps', 'no', { data: {} });
    bench.setObject('configmaps', 'cfg', { data: { no: 'x' } });
    bench.setObject('secrets', 'no', { data: { a: base64('x') } });
    expect(bench.transcript.at(-1)).toBe('25s web Running ready main=running#0');
  },
);

test('services of the namespace are told, unless the pod does not want them; that of the API server always', () => {
  const bench = new NodeBench();
  const service = (clusterIP: string, port: number, name?: string) => ({
    spec: { clusterIP, ports: [{ port, name }] },
  });
  bench.setObject('services', 'kubernetes', service('10.96.0.1', 443, 'https'));
  bench.setObject('services', 'my-db', service('10.96.0.9', 5432));
  bench.setObject('services', 'headless', service('None', 80));
  bench.add('web', main({ env: [{ name: 'URL', value: '$(MY_DB_PORT)' }] }));
  bench.add('apart', { ...main({}), enableServiceLinks: false });
  expect(environmentOf(bench, 'web')).toMatchObject({
    URL: 'tcp://10.96.0.9:5432',
    MY_DB_SERVICE_HOST: '10.96.0.9',
    MY_DB_SERVICE_PORT: '5432',
    MY_DB_PORT: 'tcp://10.96.0.9:5432',
    MY_DB_PORT_5432_TCP: 'tcp://10.96.0.9:5432',
    MY_DB_PORT_5432_TCP_PROTO: 'tcp',
    MY_DB_PORT_5432_TCP_PORT: '5432',
    MY_DB_PORT_5432_TCP_ADDR: '10.96.0.9',
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
    KUBERNETES_SERVICE_PORT_HTTPS: '443',
  });
  const names = Object.keys(environmentOf(bench, 'apart'));
  expect(names.length).toBeGreaterThan(0);
  expect(names.every((name) => name.startsWith('KUBERNETES_'))).toBe(true);
  expect(Object.keys(environmentOf(bench, 'web')).some((name) => name.startsWith('HEADLESS'))).toBe(false);
});
