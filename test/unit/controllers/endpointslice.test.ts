/** Which endpoints a service has, and how few writes keep its slices right. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { portsOf } from '../../../src/controllers/endpointslice/endpoints.ts';
import { endpointSliceController } from '../../../src/controllers/endpointslice/keys.ts';
import { type PortGroup, sliceChanges } from '../../../src/controllers/endpointslice/slices.ts';
import { endpointsPerSlice } from '../../../src/controllers/limits.ts';
import type { Endpoint, EndpointSlice } from '../../../src/kinds/endpointslice/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { Service, ServiceSpec } from '../../../src/kinds/service/types.ts';
import { caches, context, pod, told } from './builders.ts';

const service = (spec: Partial<ServiceSpec> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', uid: 'svc' },
  spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
});

const addressed = (name: string, ip: string, isReady = true, extra: Partial<Pod['metadata']> = {}): Pod =>
  pod(name, { isReady, status: { podIP: ip, podIPs: [{ ip }], ...pod(name, { isReady }).status }, metadata: extra });

function reconcile(target: Service, pods: readonly Pod[], slices: readonly EndpointSlice[] = []) {
  const known = caches(endpointSliceController, { services: [target], pods, slices });
  const observed = endpointSliceController.observe('default/web', known);
  return observed === null ? null : endpointSliceController.reconcile(observed, context());
}

function endpoints(target: Service, pods: readonly Pod[]): readonly Endpoint[] {
  const writes = reconcile(target, pods)?.groups.flat() ?? [];
  return writes.flatMap(({ body }) => (body as EndpointSlice).endpoints);
}

test.each<[string, Pod, ServiceSpec, readonly [boolean, boolean, boolean] | null]>([
  ['a ready pod', addressed('a', '10.0.0.1'), {}, [true, true, false]],
  ['a pod that is not ready', addressed('a', '10.0.0.1', false), {}, [false, false, false]],
  [
    'one that is told all the same',
    addressed('a', '10.0.0.1', false),
    { publishNotReadyAddresses: true },
    [true, false, false],
  ],
  [
    'a ready pod that is going',
    addressed('a', '10.0.0.1', true, { deletionTimestamp: 'now' }),
    {},
    [false, true, true],
  ],
  ['a pod without an address', pod('a', { isReady: true }), {}, null],
  ['a finished pod', pod('a', { status: { phase: 'Succeeded', podIP: '10.0.0.1' } }), {}, null],
  ['a pod with other labels', addressed('a', '10.0.0.1', true, { labels: { app: 'db' } }), {}, null],
])('%s', (_what, given, spec, want) => {
  const metadata = { ...pod('a').metadata, ...given.metadata };
  const found = endpoints(service(spec), [{ ...given, metadata }]);
  const conditions = found.map(({ conditions: { ready, serving, terminating } = {} }) => [ready, serving, terminating]);
  expect(conditions).toEqual(want === null ? [] : [want]);
});

test('a slice tells the pod, its node and the ports of the service', () => {
  const plan = reconcile(service(), [addressed('a', '10.0.0.1')]);
  expect(plan?.groups[0]?.[0]?.body).toMatchObject({
    kind: 'EndpointSlice',
    metadata: {
      labels: {
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      ownerReferences: [{ kind: 'Service', name: 'web', controller: true }],
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    endpoints: [{ addresses: ['10.0.0.1'], nodeName: 'node-0', targetRef: { kind: 'Pod', name: 'a', uid: 'uid-a' } }],
  });
});

test('a named port is the one that each pod gives that name', () => {
  const named = service({ ports: [{ port: 80, targetPort: 'web' }] });
  const ports = (number: number): Pod =>
    pod('a', { spec: { containers: [{ name: 'c', ports: [{ name: 'web', containerPort: number }] }] } });
  expect([portsOf(named, ports(1)), portsOf(named, ports(2)), portsOf(named, pod('b'))]).toEqual([
    [{ name: '', protocol: 'TCP', port: 1 }],
    [{ name: '', protocol: 'TCP', port: 2 }],
    [],
  ]);
});

test('a service without a selector, or one that names another host, is left to others', () => {
  expect(reconcile(service({ selector: {} }), [])).toBeNull();
  expect(reconcile(service({ type: 'ExternalName', externalName: 'example.org' }), [])).toBeNull();
});

test('what is right already is not written again', () => {
  const plan = reconcile(service(), [addressed('a', '10.0.0.1')]);
  const slice = plan?.groups[0]?.[0]?.body as EndpointSlice;
  expect(reconcile(service(), [addressed('a', '10.0.0.1')], [slice])?.groups).toEqual([]);
});

test('a service whose pods are all gone keeps one slice, empty', () => {
  const slice = reconcile(service(), [addressed('a', '10.0.0.1')])?.groups[0]?.[0]?.body as EndpointSlice;
  const plan = reconcile(service(), [], [slice]);
  expect(plan === null ? [] : told(plan)).toEqual([[`update endpointslices ${slice.metadata.name}`]]);
  expect(plan?.groups[0]?.[0]?.body).toMatchObject({ endpoints: [] });
});

const endpoint = (number: number): Endpoint => ({
  addresses: [`10.0.0.${number}`],
  targetRef: { uid: `uid-${number}` },
});
const group = (numbers: readonly number[]): PortGroup => ({ ports: [], endpoints: numbers.map(endpoint) });
let made = 0;
function sliceOf(endpoints: readonly Endpoint[]): EndpointSlice {
  made += 1;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `slice-${made}` },
    addressType: 'IPv4',
    endpoints,
  };
}

/** The slices after the changes were carried out. */
function applied(slices: readonly EndpointSlice[], groups: readonly PortGroup[]): readonly EndpointSlice[] {
  const { updated, created, deleted } = sliceChanges(groups, slices);
  const kept = slices.filter((slice) => !deleted.includes(slice));
  return [
    ...kept.map((slice) => {
      const change = updated.find((each) => each.slice === slice);
      return change === undefined ? slice : { ...slice, endpoints: change.endpoints };
    }),
    ...created.map(({ endpoints }) => sliceOf(endpoints)),
  ];
}

test('slices hold every endpoint once and never too many, whatever came before', () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { maxLength: 320 });
  fc.assert(
    fc.property(fc.array(numbers, { minLength: 1, maxLength: 4 }), (rounds) => {
      let slices: readonly EndpointSlice[] = [];
      for (const wanted of rounds) {
        slices = applied(slices, [group(wanted)]);
        const held = slices.flatMap(({ endpoints }) => endpoints.map(({ addresses }) => addresses[0]));
        expect(held.toSorted()).toEqual(wanted.map((number) => `10.0.0.${number}`).toSorted());
        expect(slices.every(({ endpoints }) => endpoints.length <= endpointsPerSlice)).toBe(true);
        const again = sliceChanges([group(wanted)], slices);
        expect([...again.updated, ...again.created, ...again.deleted]).toEqual([]);
      }
    }),
    { numRuns: 60 },
  );
});

test('one endpoint more changes one slice', () => {
  const numbers = Array.from({ length: 150 }, (_, index) => index);
  const slices = applied([], [group(numbers)]);
  const { updated, created, deleted } = sliceChanges([group([...numbers, 200])], slices);
  expect([updated.length, created.length, deleted.length]).toEqual([1, 0, 0]);
});
