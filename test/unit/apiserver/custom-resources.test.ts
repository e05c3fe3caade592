/** CustomResourceDefinitions through API servers: what they serve, when, and how it ends. */
import { describe, expect, test } from 'vitest';
import { Harness, type Tree } from './harness.ts';

const definitions = 'apiextensions.k8s.io/v1/-/customresourcedefinitions';
const crontabs = 'stable.example.com/v1/default/crontabs';

function crontabDefinition(spec: object = {}, version: object = {}): Tree {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'crontabs.stable.example.com' },
    spec: {
      group: 'stable.example.com',
      scope: 'Namespaced',
      names: { plural: 'crontabs', singular: 'crontab', kind: 'CronTab', shortNames: ['ct'], categories: ['all'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: {
                  type: 'object',
                  required: ['cronSpec'],
                  properties: {
                    cronSpec: { type: 'string', pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$' },
                    image: { type: 'string', default: 'busybox' },
                    replicas: { type: 'integer', minimum: 1, maximum: 10 },
                  },
                },
                status: {
                  type: 'object',
                  properties: { replicas: { type: 'integer' }, selector: { type: 'string' } },
                },
              },
            },
          },
          ...version,
        },
      ],
      ...spec,
    },
  };
}

function crontab(name: string, spec: object = {}): Tree {
  return {
    apiVersion: 'stable.example.com/v1',
    kind: 'CronTab',
    metadata: { name },
    spec: { cronSpec: '* * * * */5', ...spec },
  };
}

function established(version: object = {}, spec: object = {}): Harness {
  const api = new Harness();
  expect(api.create(definitions, crontabDefinition(spec, version)).status).toBe(201);
  api.settle(50);
  return api;
}

describe('a definition', () => {
  test('is established at once and serves its kind', () => {
    const api = established();
    const { status } = api.get(`${definitions}/crontabs.stable.example.com`).body;
    expect(status).toMatchObject({
      storedVersions: ['v1'],
      acceptedNames: { plural: 'crontabs', singular: 'crontab', kind: 'CronTab', listKind: 'CronTabList' },
      conditions: [
        { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
        { type: 'Established', status: 'True', reason: 'InitialNamesAccepted' },
      ],
    });
    const created = api.create(crontabs, crontab('nightly'));
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      metadata: { generation: 1, namespace: 'default' },
      spec: { cronSpec: '* * * * */5', image: 'busybox' },
    });
    const list = api.list(crontabs).body;
    expect(list).toMatchObject({ kind: 'CronTabList', apiVersion: 'stable.example.com/v1' });
    expect(list.items).toHaveLength(1);
  });
});
