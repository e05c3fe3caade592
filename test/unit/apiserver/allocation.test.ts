/** Addresses and ports of services: which are given, which are refused, and when they are free again. */
import { expect, test } from 'vitest';
import { Harness, type Tree } from './harness.ts';

const services = 'core/v1/default/services';
const ports = [{ port: 80 }];

function service(name: string, spec: object): Tree {
  return { metadata: { name }, spec: { ports, ...spec } };
}

test('an address and a port outside of the pools are refused', () => {
  const harness = new Harness();
  const answer = harness.create(
    services,
    service('a', { clusterIP: '10.0.0.1', type: 'NodePort', ports: [{ port: 1, nodePort: 80 }] }),
  );
  expect(answer.body).toMatchObject({ code: 422, reason: 'Invalid' });
  expect(answer.body.message).toContain(
    'spec.clusterIPs: Invalid value: ["10.0.0.1"]: failed to allocate IP 10.0.0.1: the provided IP (10.0.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/16',
  );
  expect(answer.body.message).toContain(
    'spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
  );
});

test('a balancer that keeps traffic where it came gets a port to ask for health, and loses it with that', () => {
  const harness = new Harness();
  const { body } = harness.create(services, service('a', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }));
  expect(body.spec.healthCheckNodePort).toBeGreaterThanOrEqual(30_000);
  expect(body.spec.healthCheckNodePort).not.toBe(body.spec.ports[0].nodePort);
  const patched = harness.patch(`${services}/a`, 'merge', { spec: { externalTrafficPolicy: 'Cluster' } });
  expect(patched.status).toBe(200);
  expect(patched.body.spec).not.toHaveProperty('healthCheckNodePort');
});

test('an address is free again when its service needs none any more', () => {
  const harness = new Harness();
  harness.create(services, service('a', { clusterIP: '10.96.0.77' }));
  expect(harness.create(services, service('b', { clusterIP: '10.96.0.77' })).body.message).toContain(
    'provided IP is already allocated',
  );
  const patch = { spec: { type: 'ExternalName', externalName: 'a.b' } };
  expect(harness.patch(`${services}/a`, 'merge', patch).body.spec).not.toHaveProperty('clusterIP');
  expect(harness.create(services, service('b', { clusterIP: '10.96.0.77' })).status).toBe(201);
});

test('ephemeral containers are never changed or removed, and count as a change of the pod', () => {
  const harness = new Harness();
  const pods = 'core/v1/default/pods';
  harness.create(pods, { metadata: { name: 'p' }, spec: { containers: [{ name: 'a', image: 'b' }] } });
  const door = `${pods}/p/ephemeralcontainers`;
  const added = harness.patch(door, 'strategic', { spec: { ephemeralContainers: [{ name: 'e', image: 'x' }] } });
  expect(added.body.metadata.generation).toBe(2);
  const changed = harness.patch(door, 'strategic', { spec: { ephemeralContainers: [{ name: 'e', image: 'y' }] } });
  expect(changed.body.message).toContain(
    'spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be changed',
  );
  const removed = harness.patch(door, 'merge', { spec: { ephemeralContainers: [] } });
  expect(removed.body.message).toContain('existing ephemeral containers "e" may not be removed');
});
