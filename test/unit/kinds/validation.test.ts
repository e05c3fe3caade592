/** What is wrong with objects other than pods, in Kubernetes' words: one row a rule. */
import { expect, test } from 'vitest';
import type { Json } from '../../../src/api/json.ts';
import { KindBench } from './validation-bench.ts';

const services = new KindBench('', 'Service');
const endpoints = new KindBench('', 'Endpoints');
const slices = new KindBench('discovery.k8s.io', 'EndpointSlice');
const nodes = new KindBench('', 'Node');
const secrets = new KindBench('', 'Secret');
const maps = new KindBench('', 'ConfigMap');
const namespaces = new KindBench('', 'Namespace');
const metadata = { name: 'x', namespace: 'default' };

function service(spec: object): Json {
  return { metadata, spec: { ports: [{ port: 80 }], ...spec } } as Json;
}

function subset(extra: object): Json {
  return { metadata, subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }], ...extra }] } as Json;
}

function slice(extra: object): Json {
  return { metadata, addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ...extra } as Json;
}

const badAddress = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

test.each<[string, KindBench, Json, readonly string[]]>([
  ['an external name', services, { metadata, spec: { type: 'ExternalName', externalName: 'a.b.' } }, []],
  [
    'a service that is balanced locally',
    services,
    service({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' }),
    [],
  ],
  [
    'an external name with an address',
    services,
    { metadata, spec: { type: 'ExternalName', externalName: 'a.b', clusterIP: '10.96.0.9' } },
    ['spec.clusterIPs: Forbidden: may not be set for ExternalName services'],
  ],
  ['no external name', services, { metadata, spec: { type: 'ExternalName' } }, ['spec.externalName: Required value']],
  [
    'a second family',
    services,
    service({ ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] }),
    [
      'spec.ipFamilies[1]: Invalid value: "IPv6": not configured on this cluster',
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    ],
  ],
  [
    'two addresses that contradict each other',
    services,
    service({ clusterIP: '10.96.0.8', clusterIPs: ['10.96.0.9'] }),
    ['spec.clusterIPs: Invalid value: ["10.96.0.9"]: first value must match `clusterIP`'],
  ],
  [
    'an address that is none',
    services,
    service({ clusterIP: '10.96.0' }),
    [`spec.clusterIPs[0]: Invalid value: "10.96.0": ${badAddress}`],
  ],
  [
    'a headless service on every node',
    services,
    service({ type: 'NodePort', clusterIP: 'None' }),
    ['spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services'],
  ],
  [
    'affinity without its time',
    services,
    service({ sessionAffinity: 'None', sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } }),
    ['spec.sessionAffinityConfig: Forbidden: must not be set when session affinity is None'],
  ],
  [
    'affinity for more than a day',
    services,
    service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86_401 } } }),
    [
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
    ],
  ],
  [
    'a policy for traffic that does not come',
    services,
    service({ externalTrafficPolicy: 'Local' }),
    ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
  ],
  [
    'what only a balancer may have',
    services,
    service({
      loadBalancerClass: 'a/b',
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      allocateLoadBalancerNodePorts: true,
    }),
    [
      "spec.loadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
      "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
      "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
  ],
  [
    'one port of the nodes twice',
    services,
    service({
      type: 'NodePort',
      ports: [
        { name: 'a', port: 1, nodePort: 30_001 },
        { name: 'b', port: 2, nodePort: 30_001 },
      ],
    }),
    ['spec.ports[1].nodePort: Duplicate value: 30001'],
  ],
  [
    'an outer address that is a machine’s own',
    services,
    service({ externalIPs: ['127.0.0.1'] }),
    ['spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  ],
  ['endpoints', endpoints, subset({}), []],
  [
    'endpoints that lead nowhere',
    endpoints,
    subset({ addresses: [] }),
    ['subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`'],
  ],
  [
    'endpoints with an address that is none',
    endpoints,
    subset({ addresses: [{ ip: 'x' }], ports: [{ port: 0, protocol: 'ICMP' }] }),
    [
      `subsets[0].addresses[0].ip: Invalid value: "x": ${badAddress}`,
      'subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'subsets[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ],
  ],
  ['endpoints that are real programs', endpoints, subset({ addresses: [{ ip: '127.64.0.2' }] }), []],
  [
    'endpoints that are the machine itself',
    endpoints,
    subset({ addresses: [{ ip: '127.0.0.1' }] }),
    ['subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  ],
  [
    'endpoints with two nameless ports',
    endpoints,
    subset({ ports: [{ port: 1 }, { port: 2 }] }),
    ['subsets[0].ports[0].name: Required value', 'subsets[0].ports[1].name: Required value'],
  ],
  ['a slice', slices, slice({ ports: [{ port: 80 }] }), []],
  [
    'a slice of the other family',
    slices,
    slice({ endpoints: [{ addresses: ['::2'] }] }),
    ['endpoints[0].addresses[0]: Invalid value: "::2": must be a valid IPv4 address'],
  ],
  [
    'a slice with two ports of one name',
    slices,
    slice({ ports: [{ port: 1 }, { port: 2 }] }),
    ['ports[1].name: Duplicate value: ""'],
  ],
  [
    'a node with a taint twice',
    nodes,
    {
      metadata: { name: 'n' },
      spec: {
        taints: [
          { key: 'a', effect: 'NoSchedule' },
          { key: 'a', effect: 'NoSchedule' },
        ],
      },
    },
    [
      'spec.taints[1]: Duplicate value: {"key":"a","effect":"NoSchedule"}: taints must be unique by key and effect pair',
    ],
  ],
  [
    'a node with a range that is none',
    nodes,
    { metadata: { name: 'n' }, spec: { podCIDR: '10.0.0.0' } },
    ['spec.podCIDRs[0]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
  ],
  [
    'a secret of basic authentication without anything',
    secrets,
    { metadata, type: 'kubernetes.io/basic-auth' },
    ['data[username]: Required value', 'data[password]: Required value'],
  ],
  [
    'credentials of a registry that are no JSON',
    secrets,
    { metadata, type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': '{' } },
    ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": must be valid JSON'],
  ],
  [
    'credentials of a registry',
    secrets,
    { metadata, type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': '{"auths":{}}' } },
    [],
  ],
  [
    'a certificate without its key',
    secrets,
    { metadata, type: 'kubernetes.io/tls', stringData: { 'tls.crt': 'x' } },
    ['data[tls.key]: Required value'],
  ],
  [
    'more data than fits',
    maps,
    { metadata, data: { a: 'é'.repeat(512 * 1024), b: 'x' } },
    [': Too long: may not be more than 1048576 bytes'],
  ],
  [
    'a finalizer of a namespace without a domain',
    namespaces,
    { metadata: { name: 'n' }, spec: { finalizers: ['mine'] } },
    ['spec.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified'],
  ],
  [
    'a finalizer without a domain',
    maps,
    { metadata: { ...metadata, finalizers: ['mine', 'example.com/mine', 'orphan'] } },
    [
      'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    ],
  ],
  [
    'both ways of the garbage collector',
    maps,
    { metadata: { ...metadata, finalizers: ['orphan', 'foregroundDeletion'] } },
    [
      'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
    ],
  ],
  [
    'an event as an owner',
    maps,
    { metadata: { ...metadata, ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'e', uid: 'u' }] } },
    [
      'metadata.ownerReferences[0]: Invalid value: {"apiVersion":"v1","kind":"Event","name":"e","uid":"u"}: /v1, Kind=Event is disallowed from being an owner',
    ],
  ],
])('%s: %#', (_, kind, tree, want) => {
  expect(kind.complaints(tree)).toEqual(want);
});

test.each<[string, KindBench, Json, Json, readonly string[]]>([
  [
    'the range of a node',
    nodes,
    { metadata: { name: 'n' }, spec: { podCIDR: '10.0.0.0/24' } },
    { metadata: { name: 'n' }, spec: { podCIDR: '10.0.1.0/24' } },
    ['spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'],
  ],
  [
    'the type of a secret',
    secrets,
    { metadata, type: 'a' },
    { metadata, type: 'b' },
    ['type: Invalid value: "b": field is immutable'],
  ],
  [
    'what is marked immutable',
    maps,
    { metadata, immutable: true, data: { a: '1' } },
    { metadata, data: { a: '2' } },
    [
      'immutable: Forbidden: field is immutable when `immutable` is set',
      'data: Forbidden: field is immutable when `immutable` is set',
    ],
  ],
  [
    'the addresses’ type of a slice',
    slices,
    slice({}),
    { metadata, addressType: 'FQDN', endpoints: [] },
    ['addressType: Invalid value: "FQDN": field is immutable'],
  ],
])('%s cannot change', (_, kind, before, after, want) => {
  expect(kind.updateComplaints(before, after)).toEqual(want);
});

test('a service that becomes an external name gives up what it was given', () => {
  const before = services.created(service({ type: 'NodePort', clusterIP: '10.96.0.9' }));
  const tree = { ...before, spec: { ...(before.spec as object), type: 'ExternalName', externalName: 'a.b' } };
  const after = services.updated(before, JSON.parse(JSON.stringify(tree)) as Json);
  expect(services.strategy.validateUpdate(after, before)).toEqual([]);
  expect(Object.keys(after.spec as object)).not.toEqual(
    expect.arrayContaining(['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'externalTrafficPolicy']),
  );
});
