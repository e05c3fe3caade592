/** CustomResourceDefinitions through API servers: what they serve, when, and how it ends. */
import { describe, expect, test } from 'vitest';
import type { Credentials } from '../../../src/protocol/apiserver.ts';
import { Harness, resourceRequest, type Tree } from './harness.ts';

const admin: Credentials = { type: 'component', user: 'test', groups: ['system:masters'] };

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

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

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

  test('appears in every discovery document with its names, and goes from them with the definition', () => {
    const api = established({ subresources: { status: {} } });
    const groups = api.path('/apis', aggregated).body.items as Tree[];
    const group = groups.find((item) => item.metadata.name === 'stable.example.com');
    expect(group.versions[0].resources[0]).toMatchObject({
      resource: 'crontabs',
      singularResource: 'crontab',
      shortNames: ['ct'],
      categories: ['all'],
      scope: 'Namespaced',
      subresources: [{ subresource: 'status', verbs: ['get', 'patch', 'update'] }],
    });
    const names = api.path('/apis/stable.example.com/v1').body.resources.map(({ name }: Tree) => name);
    expect(names).toEqual(['crontabs', 'crontabs/status']);
    api.delete(`${definitions}/crontabs.stable.example.com`);
    api.settle(50);
    expect(api.path('/apis/stable.example.com').status).toBe(404);
    expect(api.list(crontabs).status).toBe(404);
  });

  test('has an OpenAPI document whose address changes with its schema and with nothing else', () => {
    const api = established();
    const address = (): string =>
      api.path('/openapi/v3', '', admin).body.paths['apis/stable.example.com/v1'].serverRelativeURL;
    const before = address();
    const document = api.path('/openapi/v3/apis/stable.example.com/v1', '', admin).body;
    const schema = document.components.schemas['com.example.stable.v1.CronTab'];
    expect(schema['x-kubernetes-group-version-kind']).toEqual([
      { group: 'stable.example.com', version: 'v1', kind: 'CronTab' },
    ]);
    expect(schema.properties.spec.properties.replicas).toEqual({ type: 'integer', minimum: 1, maximum: 10 });
    const { patch } = document.paths['/apis/stable.example.com/v1/namespaces/{namespace}/crontabs/{name}'];
    expect(patch.parameters.map(({ name }: Tree) => name)).toContain('fieldValidation');
    api.create(crontabs, crontab('one'));
    expect(address()).toBe(before);
    const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/replicas/maximum';
    api.patch(`${definitions}/crontabs.stable.example.com`, 'json', [{ op: 'replace', path, value: 20 }]);
    expect(address()).not.toBe(before);
    expect(api.create(crontabs, crontab('many', { replicas: 15 })).status).toBe(201);
  });

  test('that wants the names of another is not established, and is when the other goes', () => {
    const api = established();
    const rival = crontabDefinition({
      names: { plural: 'rivals', singular: 'crontab', kind: 'CronTab', listKind: 'RivalList' },
    });
    rival.metadata.name = 'rivals.stable.example.com';
    expect(api.create(definitions, rival).status).toBe(201);
    api.settle(50);
    const conditions = (): Tree => api.get(`${definitions}/rivals.stable.example.com`).body.status.conditions;
    expect(conditions()).toMatchObject([
      { type: 'NamesAccepted', status: 'False', reason: 'KindConflict', message: '"CronTab" is already in use' },
      { type: 'Established', status: 'False', reason: 'NotAccepted' },
    ]);
    expect(api.list('stable.example.com/v1/default/rivals').status).toBe(404);
    api.delete(`${definitions}/crontabs.stable.example.com`);
    api.settle(50);
    expect(conditions()).toMatchObject([{ status: 'True' }, { status: 'True' }]);
    expect(api.list('stable.example.com/v1/default/rivals').status).toBe(200);
  });

  test('is refused with all that is wrong with it at once', () => {
    const api = new Harness();
    const broken = crontabDefinition({ group: 'example', scope: 'Galaxy' }, { storage: false });
    const { status, body } = api.create(definitions, broken);
    expect(status).toBe(422);
    expect(body.details.causes.map(({ field, message }: Tree) => `${field}: ${message}`)).toEqual([
      'metadata.name: Invalid value: "crontabs.stable.example.com": must be spec.names.plural+"."+spec.group',
      'spec.group: Invalid value: "example": should be a domain with at least one dot',
      'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"',
      'spec.versions: Invalid value: ["v1"]: must have exactly one version marked as storage version',
    ]);
  });

  test('keeps its scope and kind once it is established', () => {
    const api = established();
    const changed = { spec: { scope: 'Cluster', names: { kind: 'Other' } } };
    const { status, body } = api.patch(`${definitions}/crontabs.stable.example.com`, 'merge', changed);
    expect(status).toBe(422);
    expect(body.details.causes.map(({ field }: Tree) => field)).toEqual(['spec.scope', 'spec.names.kind']);
  });

  test('takes its objects along, those with finalizers last, and ends the watches', () => {
    const api = established();
    api.create(crontabs, crontab('plain'));
    const held = crontab('held');
    held.metadata.finalizers = ['test/hold'];
    api.create(crontabs, held);
    const watch = api.watch(crontabs);
    const deleted = api.delete(`${definitions}/crontabs.stable.example.com`);
    expect(deleted.status).toBe(200);
    expect(deleted.body.metadata.finalizers).toEqual(['customresourcecleanup.apiextensions.k8s.io']);
    api.settle(50);
    expect(api.list(crontabs).body.items.map(({ metadata }: Tree) => metadata.name)).toEqual(['held']);
    const going = api.get(`${definitions}/crontabs.stable.example.com`).body;
    expect(going.status.conditions.at(-1)).toMatchObject({
      type: 'Terminating',
      status: 'True',
      reason: 'InstanceDeletionInProgress',
    });
    const refused = api.create(crontabs, crontab('late'));
    expect(refused.status).toBe(405);
    expect(refused.body.message).toBe('create not allowed while custom resource definition is terminating');
    expect(api.patch(`${crontabs}/held`, 'merge', { metadata: { finalizers: null } }).status).toBe(200);
    api.settle(600);
    expect(api.get(`${definitions}/crontabs.stable.example.com`).status).toBe(404);
    expect(api.list(crontabs).status).toBe(404);
    expect(watch.summary.slice(-3)).toEqual(['MODIFIED held', 'DELETED plain', 'DELETED held']);
    expect(watch.endReason).toBe('completed');
  });

  test('that is deleted and made anew starts with nothing, be its scope another', () => {
    const api = established();
    api.create(crontabs, crontab('old'));
    api.delete(`${definitions}/crontabs.stable.example.com`);
    api.settle(50);
    api.create(definitions, crontabDefinition({ scope: 'Cluster' }));
    api.settle(50);
    const everywhere = 'stable.example.com/v1/-/crontabs';
    expect(api.list(everywhere).body.items).toEqual([]);
    expect(api.create(everywhere, crontab('new')).status).toBe(201);
    expect(api.get(`${everywhere}/new`).body.metadata.namespace).toBeUndefined();
  });
});

describe('versions of a kind', () => {
  const schema = crontabDefinition().spec.versions[0].schema;
  const second = { name: 'v2', served: true, storage: false, schema };

  function twoVersions(extra: object = {}): Harness {
    const api = new Harness();
    const definition = crontabDefinition();
    definition.spec.versions.push({ ...second, ...extra });
    expect(api.create(definitions, definition).status).toBe(201);
    api.settle(50);
    return api;
  }

  test('show one object, each under its own name; a list names the version that was asked for', () => {
    const api = twoVersions();
    api.create(crontabs, crontab('one'));
    const later = 'stable.example.com/v2/default/crontabs';
    expect(api.get(`${later}/one`).body.apiVersion).toBe('stable.example.com/v2');
    expect(api.list(later).body.items[0].apiVersion).toBe('stable.example.com/v2');
    expect(api.get(`${crontabs}/one`).body.apiVersion).toBe('stable.example.com/v1');
    const watch = api.watch(later);
    expect(watch.events[0].object.apiVersion).toBe('stable.example.com/v2');
    expect(api.path('/apis/stable.example.com').body.preferredVersion.version).toBe('v2');
  });

  test('may take over storage; objects move with their next write, and the old version stays on record', () => {
    const api = twoVersions();
    api.create(crontabs, crontab('one'));
    const name = `${definitions}/crontabs.stable.example.com`;
    const flip = [
      { op: 'replace', path: '/spec/versions/0/storage', value: false },
      { op: 'replace', path: '/spec/versions/1/storage', value: true },
    ];
    expect(api.patch(name, 'json', flip).body.status.storedVersions).toEqual(['v1', 'v2']);
    api.settle();
    expect(api.get(`${crontabs}/one`).body).toMatchObject({ apiVersion: 'stable.example.com/v1' });
    const revision = api.get(`${crontabs}/one`).body.metadata.resourceVersion;
    const rewritten = api.patch(`${crontabs}/one`, 'merge', {});
    expect(rewritten.body.metadata.resourceVersion).not.toBe(revision);
    const removal = api.patch(name, 'json', [{ op: 'remove', path: '/spec/versions/0' }]);
    expect(removal.status).toBe(422);
    expect(removal.body.message).toContain(
      'status.storedVersions[0]: Invalid value: "v1": must appear in spec.versions',
    );
  });

  test('that are not served are not there; deprecated ones warn', () => {
    const api = twoVersions({ served: false });
    expect(api.list('stable.example.com/v2/default/crontabs').status).toBe(404);
    const old = twoVersions({ deprecated: true });
    const later = 'stable.example.com/v2/default/crontabs';
    expect(old.list(later).warnings).toEqual(['stable.example.com/v2 CronTab is deprecated']);
    expect(old.list(crontabs).warnings).toEqual([]);
  });

  test('with a conversion webhook are refused where they would have to be converted', () => {
    const api = new Harness();
    const definition = crontabDefinition({
      conversion: {
        strategy: 'Webhook',
        webhook: { clientConfig: { url: 'https://example.com' }, conversionReviewVersions: ['v1'] },
      },
    });
    definition.spec.versions.push(second);
    expect(api.create(definitions, definition).status).toBe(201);
    api.settle(50);
    expect(api.create(crontabs, crontab('one')).status).toBe(201);
    const { status, body } = api.get('stable.example.com/v2/default/crontabs/one');
    expect(status).toBe(500);
    expect(body.message).toContain('conversion webhook for stable.example.com/v1, Kind=CronTab failed');
  });
});

describe('custom resources', () => {
  test('are validated against the schema, all complaints at once', () => {
    const api = established();
    const { status, body } = api.create(crontabs, crontab('bad', { cronSpec: 'often', replicas: 11, image: 3 }));
    expect(status).toBe(422);
    expect(body.message).toBe(
      'CronTab.stable.example.com "bad" is invalid: [' +
        'spec.cronSpec: Invalid value: "often": spec.cronSpec in body should match ' +
        "'^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$', " +
        'spec.image: Invalid value: "integer": spec.image in body must be of type string: "integer", ' +
        'spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10]',
    );
    expect(api.create(crontabs, { ...crontab('empty'), spec: {} }).body.message).toContain(
      'spec.cronSpec: Required value',
    );
  });

  test('lose unknown fields, with a word about it as the client wishes', () => {
    const api = established();
    const odd = crontab('odd', { color: 'red' });
    const warned = api.create(crontabs, odd);
    expect(warned.warnings).toEqual(['unknown field "spec.color"']);
    expect(warned.body.spec.color).toBeUndefined();
    const strict = api.create(crontabs, crontab('strict', { color: 'red' }), {
      parameters: { fieldValidation: 'Strict' },
    });
    expect(strict.status).toBe(400);
    expect(strict.body.message).toBe(
      'CronTab in version "v1" cannot be handled as a CronTab: strict decoding error: unknown field "spec.color"',
    );
    const ignored = api.create(crontabs, crontab('ignored', { color: 'red' }), {
      parameters: { fieldValidation: 'Ignore' },
    });
    expect(ignored.warnings).toEqual([]);
  });

  test('are filled on read when a default came later', () => {
    const api = established();
    api.create(crontabs, crontab('old'));
    const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/replicas/default';
    api.patch(`${definitions}/crontabs.stable.example.com`, 'json', [{ op: 'add', path, value: 2 }]);
    api.settle();
    expect(api.get(`${crontabs}/old`).body.spec.replicas).toBe(2);
    expect(api.list(crontabs).body.items[0].spec.replicas).toBe(2);
  });

  test('obey the rules of the definition, those about the former object too', () => {
    const definition = crontabDefinition();
    const { properties } = definition.spec.versions[0].schema.openAPIV3Schema;
    properties.spec['x-kubernetes-validations'] = [
      { rule: '!has(self.replicas) || self.replicas != 7', message: 'seven is unlucky', fieldPath: '.replicas' },
      { rule: 'self.image == oldSelf.image', message: 'the image stays' },
    ];
    const api = new Harness();
    expect(api.create(definitions, definition).status).toBe(201);
    api.settle(50);
    const unlucky = api.create(crontabs, crontab('one', { replicas: 7 }));
    expect(unlucky.body.details.causes).toEqual([
      { reason: 'FieldValueInvalid', field: 'spec.replicas', message: 'Invalid value: "object": seven is unlucky' },
    ]);
    expect(api.create(crontabs, crontab('one')).status).toBe(201);
    const moved = api.patch(`${crontabs}/one`, 'merge', { spec: { image: 'other' } });
    expect(moved.body.message).toContain('the image stays');
    const wrong = api.create(crontabs, crontab('two', { replicas: 'x' }));
    expect(wrong.body.message).toContain('some validation rules were not checked because the object was invalid');
  });

  test('take json and merge patches, no strategic ones, and no protobuf', () => {
    const api = established();
    api.create(crontabs, crontab('one'));
    const json = api.patch(`${crontabs}/one`, 'json', [{ op: 'add', path: '/spec/replicas', value: 3 }]);
    expect(json.body).toMatchObject({ spec: { replicas: 3 }, metadata: { generation: 2 } });
    expect(api.patch(`${crontabs}/one`, 'merge', { spec: { replicas: 4 } }).body.spec.replicas).toBe(4);
    expect(api.patch(`${crontabs}/one`, 'strategic', { spec: { replicas: 5 } }).status).toBe(415);
    expect(api.create(crontabs, new Uint8Array([1]), { encoding: 'protobuf' }).status).toBe(415);
    expect(api.patch(`${crontabs}/one`, 'merge', { spec: { replicas: 99 } }).status).toBe(422);
  });

  test('are updated with a current resourceVersion only, and an update that changes nothing is none', () => {
    const api = established();
    const { body } = api.create(crontabs, crontab('one'));
    expect(api.update(`${crontabs}/one`, body).body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
    const changed = api.update(`${crontabs}/one`, { ...body, spec: { ...body.spec, replicas: 2 } });
    expect(changed.body.metadata.generation).toBe(2);
    expect(api.update(`${crontabs}/one`, body).status).toBe(409);
  });

  test('have a status of its own where the definition says so', () => {
    const api = established({ subresources: { status: {} } });
    const born = api.create(crontabs, { ...crontab('one'), status: { replicas: 7 } });
    expect(born.body.status).toBeUndefined();
    const status = api.patch(`${crontabs}/one/status`, 'merge', {
      metadata: { labels: { a: 'b' } },
      spec: { replicas: 9 },
      status: { replicas: 3 },
    });
    expect(status.body).toMatchObject({ metadata: { generation: 1 }, status: { replicas: 3 } });
    expect(status.body.spec.replicas).toBeUndefined();
    expect(status.body.metadata.labels).toBeUndefined();
    const spec = api.patch(`${crontabs}/one`, 'merge', { spec: { replicas: 9 }, status: { replicas: 8 } });
    expect(spec.body).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 9 }, status: { replicas: 3 } });
    const without = established();
    without.create(crontabs, crontab('one'));
    expect(without.patch(`${crontabs}/one/status`, 'merge', {}).status).toBe(404);
    const plain = without.patch(`${crontabs}/one`, 'merge', { status: { replicas: 1 } });
    expect(plain.body.metadata.generation).toBe(2);
  });

  test('are scaled through the paths of the definition', () => {
    const scale = {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    };
    const api = established({ subresources: { status: {}, scale } });
    api.create(crontabs, crontab('one', { replicas: 2 }));
    api.patch(`${crontabs}/one/status`, 'merge', { status: { replicas: 1, selector: 'app=x' } });
    expect(api.get(`${crontabs}/one/scale`).body).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      spec: { replicas: 2 },
      status: { replicas: 1, selector: 'app=x' },
    });
    expect(api.patch(`${crontabs}/one/scale`, 'merge', { spec: { replicas: 5 } }).body.spec.replicas).toBe(5);
    expect(api.get(`${crontabs}/one`).body.spec.replicas).toBe(5);
    expect(api.patch(`${crontabs}/one/scale`, 'merge', { spec: { replicas: 50 } }).status).toBe(422);
  });

  test('are selected by labels, and by the fields that the definition names', () => {
    const api = established({ selectableFields: [{ jsonPath: '.spec.image' }] });
    const labelled = crontab('one', { image: 'a' });
    labelled.metadata.labels = { team: 'red' };
    api.create(crontabs, labelled);
    api.create(crontabs, crontab('two', { image: 'b' }));
    const names = (parameters: Record<string, string>): string[] =>
      api.list(crontabs, { parameters }).body.items.map(({ metadata }: Tree) => metadata.name);
    expect(names({ labelSelector: 'team=red' })).toEqual(['one']);
    expect(names({ fieldSelector: 'spec.image=b' })).toEqual(['two']);
    expect(names({ fieldSelector: 'metadata.name=one' })).toEqual(['one']);
    expect(api.list(crontabs, { parameters: { fieldSelector: 'spec.cronSpec=x' } }).status).toBe(400);
  });

  test('are watched and deleted as a collection', () => {
    const api = established();
    const watch = api.watch(crontabs);
    api.create(crontabs, crontab('one'));
    api.create(crontabs, crontab('two'));
    api.patch(`${crontabs}/one`, 'merge', { spec: { replicas: 2 } });
    api.call({ ...resourceRequest('deletecollection', crontabs) });
    api.settle();
    expect(watch.summary).toEqual(['ADDED one', 'ADDED two', 'MODIFIED one', 'DELETED one', 'DELETED two']);
  });

  test('are shown in the columns of the definition, or with their age', () => {
    const columns = [
      { name: 'Spec', type: 'string', jsonPath: '.spec.cronSpec' },
      { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas', priority: 1 },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ];
    const api = established({ additionalPrinterColumns: columns });
    api.create(crontabs, crontab('one', { replicas: 3 }));
    const table = api.list(crontabs, { output: 'table' }).body;
    expect(table.columnDefinitions.map(({ name, priority }: Tree) => `${name} ${priority}`)).toEqual([
      'Name 0',
      'Spec 0',
      'Replicas 1',
      'Age 0',
    ]);
    expect(table.rows[0].cells).toEqual(['one', '* * * * */5', 3, expect.stringMatching(/^\d+s$/)]);
    const plain = established();
    plain.create(crontabs, crontab('one'));
    const { columnDefinitions } = plain.list(crontabs, { output: 'table' }).body;
    expect(columnDefinitions.map(({ name }: Tree) => name)).toEqual(['Name', 'Age']);
  });
});

describe('several API servers', () => {
  const [first, second] = ['master-0/apiserver', 'master-1/apiserver'];

  test('serve a definition alike, one of them before its own cache shows it', () => {
    const api = new Harness({ apiServers: 2 });
    api.call(resourceRequest('create', definitions, { body: crontabDefinition() }), first);
    api.settle(50);
    expect(api.call(resourceRequest('create', crontabs, { body: crontab('one') }), second).status).toBe(201);
    expect(api.call(resourceRequest('get', `${crontabs}/one`), first).status).toBe(200);
    const address = (to: string): Tree =>
      api.call({ type: 'nonResource', path: '/openapi/v3', parameters: {}, accept: '', credentials: admin }, to).body;
    expect(address(first as string)).toEqual(address(second as string));
    const { conditions } = api.call(resourceRequest('get', `${definitions}/crontabs.stable.example.com`), second).body
      .status;
    expect(conditions).toHaveLength(2);
  });

  test('write the status once', () => {
    const api = new Harness({ apiServers: 3 });
    api.create(definitions, crontabDefinition());
    api.settle(1_000);
    const before = api.get(`${definitions}/crontabs.stable.example.com`).body.metadata.resourceVersion;
    api.settle(2_000);
    expect(api.get(`${definitions}/crontabs.stable.example.com`).body.metadata.resourceVersion).toBe(before);
  });

  test('keep objects that a starting server reads from the store', () => {
    const api = new Harness({ apiServers: 2 });
    api.create(definitions, crontabDefinition());
    api.settle(50);
    api.create(crontabs, crontab('one'));
    api.universe.killThread('master-1/api');
    api.startApiServer('master-1', 2);
    api.settle(200);
    expect(api.call(resourceRequest('list', crontabs), second).body.items).toHaveLength(1);
  });
});
