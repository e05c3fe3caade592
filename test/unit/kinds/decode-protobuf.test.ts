/**
 * Protobuf bodies against messages written down by hand, by the numbers of Kubernetes' generated.proto files: the property test next door
 * shares our table with its encoder and would not see a wrong number in it.
 */
import { expect, test } from 'vitest';
import { StatusError } from '../../../src/api/status.ts';
import { concatBytes, utf8 } from '../../../src/base/bytes.ts';
import { decodeObject } from '../../../src/kinds/decode.ts';
import { decodeProtobuf } from '../../../src/kinds/decode-protobuf.ts';
import { builtInSchemas } from '../../../src/kinds/schema.ts';

type Part = readonly [number: number, value: number | string | Uint8Array | readonly Part[]];

const podKind = { group: '', version: 'v1', kind: 'Pod' };
const deploymentKind = { group: 'apps', version: 'v1', kind: 'Deployment' };

/** Writes a message: numbers as varints below 128, texts, bytes and messages as bytes. */
function message(parts: readonly Part[]): Uint8Array {
  return concatBytes(
    parts.map(([number, value]) => {
      if (typeof value === 'number') return Uint8Array.from([...varint(number << 3), ...varint(value)]);
      const bytes = typeof value === 'string' ? utf8(value) : value instanceof Uint8Array ? value : message(value);
      return Uint8Array.from([...varint((number << 3) | 2), ...varint(bytes.length), ...bytes]);
    }),
  );
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

function body(apiVersion: string, kind: string, parts: readonly Part[], after: readonly Part[] = []): Uint8Array {
  const unknown: readonly Part[] = [
    [
      1,
      [
        [1, apiVersion],
        [2, kind],
      ],
    ],
    [2, parts],
    ...after,
  ];
  return concatBytes([Uint8Array.from([0x6b, 0x38, 0x73, 0]), message(unknown)]);
}

function refusal(bytes: Uint8Array): string {
  try {
    decodeProtobuf(bytes, podKind, builtInSchemas);
  } catch (error: unknown) {
    if (error instanceof StatusError) return `${error.status.code} ${error.status.message}`;
    throw error;
  }
  return 'decoded';
}

test('embedded structs are messages in protobuf and not there in JSON', () => {
  const volume: Part = [
    1,
    [
      [1, 'config'],
      [
        2,
        [
          [
            19,
            [
              [1, [[1, 'settings']]],
              [4, 0],
            ],
          ],
        ],
      ],
    ],
  ];
  const port = [
    [1, 0],
    [2, 8080],
    [3, ''],
  ] as const;
  const probe: Part = [
    10,
    [
      [
        1,
        [
          [
            2,
            [
              [1, '/healthz'],
              [2, port],
              [3, ''],
              [4, 'HTTP'],
            ],
          ],
        ],
      ],
      [2, 5],
      [3, 0],
    ],
  ];
  const variable: Part = [
    7,
    [
      [1, 'KEY'],
      [2, ''],
      [
        3,
        [
          [
            4,
            [
              [1, [[1, 'keys']]],
              [2, 'key'],
            ],
          ],
        ],
      ],
    ],
  ];
  const container: Part = [2, [[1, 'main'], [2, 'nginx'], variable, probe]];
  const pod = decodeProtobuf(body('v1', 'Pod', [[2, [volume, container]]]), podKind, builtInSchemas);
  expect(pod).toMatchObject({
    spec: {
      volumes: [{ name: 'config', configMap: { name: 'settings', optional: false } }],
      containers: [
        {
          env: [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'key' } } }],
          livenessProbe: { httpGet: { path: '/healthz', port: 8080, scheme: 'HTTP' }, initialDelaySeconds: 5 },
        },
      ],
    },
  });
});

test('zeros that Go writes for want of a pointer go, zeros behind a pointer stay', () => {
  const metadata: Part = [
    1,
    [
      [1, 'web'],
      [2, ''],
      [3, ''],
      [7, 0],
      [8, []],
      [
        11,
        [
          [1, 'app'],
          [2, 'web'],
        ],
      ],
    ],
  ];
  const podSpec: Part = [
    2,
    [
      [
        2,
        [
          [1, 'c'],
          [2, 'nginx'],
          [
            8,
            [
              [
                1,
                [
                  [1, 'cpu'],
                  [2, [[1, '500m']]],
                ],
              ],
            ],
          ],
          [
            6,
            [
              [1, ''],
              [2, 0],
              [3, 80],
            ],
          ],
        ],
      ],
      [3, ''],
      [4, 0],
    ],
  ];
  const strategy: Part = [
    4,
    [
      [1, 'RollingUpdate'],
      [
        2,
        [
          [
            1,
            [
              [1, 1],
              [2, 0],
              [3, '25%'],
            ],
          ],
        ],
      ],
    ],
  ];
  const spec: Part = [
    2,
    [
      [1, 0],
      [
        2,
        [
          [
            1,
            [
              [1, 'app'],
              [2, 'web'],
            ],
          ],
        ],
      ],
      [3, [podSpec]],
      strategy,
      [5, 0],
    ],
  ];
  const tree = decodeProtobuf(body('apps/v1', 'Deployment', [metadata, spec]), deploymentKind, builtInSchemas);
  const { object } = decodeObject(tree, deploymentKind, builtInSchemas, 'Strict');
  expect(object.metadata).toEqual({ name: 'web', labels: { app: 'web' } });
  expect(object.spec).toEqual({
    replicas: 0,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: {},
      spec: {
        containers: [
          { name: 'c', image: 'nginx', ports: [{ containerPort: 80 }], resources: { limits: { cpu: '500m' } } },
        ],
        terminationGracePeriodSeconds: 0,
      },
    },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%' } },
  });
});

test('times, bytes, maps of lists and raw JSON have the form of JSON', () => {
  const seconds = 1_704_164_645;
  const info = { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease' };
  const lease = body('coordination.k8s.io/v1', 'Lease', [
    [
      2,
      [
        [
          3,
          [
            [1, seconds],
            [2, 678_901_000],
          ],
        ],
      ],
    ],
  ]);
  expect(decodeProtobuf(lease, info, builtInSchemas)).toMatchObject({
    spec: { acquireTime: '2024-01-02T03:04:05.678901Z' },
  });
  const secret = body('v1', 'Secret', [
    [
      1,
      [
        [
          8,
          [
            [1, seconds],
            [2, 0],
          ],
        ],
      ],
    ],
    [
      2,
      [
        [1, 'a'],
        [2, Uint8Array.from([255, 0])],
      ],
    ],
  ]);
  expect(decodeProtobuf(secret, podKind, builtInSchemas)).toMatchObject({
    metadata: { creationTimestamp: '2024-01-02T03:04:05Z' },
    data: { a: '/wA=' },
  });
  const review = body('authorization.k8s.io/v1', 'SubjectAccessReview', [
    [
      2,
      [
        [
          5,
          [
            [1, 'k'],
            [
              2,
              [
                [1, 'x'],
                [1, 'y'],
              ],
            ],
          ],
        ],
      ],
    ],
  ]);
  expect(decodeProtobuf(review, podKind, builtInSchemas)).toMatchObject({ spec: { extra: { k: ['x', 'y'] } } });
  const revision = body('apps/v1', 'ControllerRevision', [
    [2, [[1, '{"a":1}']]],
    [3, 2],
  ]);
  expect(decodeProtobuf(revision, podKind, builtInSchemas)).toMatchObject({ data: { a: 1 }, revision: 2 });
});

test('options of a deletion are known in every group, and a body without a type is of the expected kind', () => {
  const options = body('apps/v1', 'DeleteOptions', [
    [1, 0],
    [4, 'Foreground'],
  ]);
  expect(decodeProtobuf(options, podKind, builtInSchemas)).toMatchObject({
    kind: 'DeleteOptions',
    gracePeriodSeconds: 0,
    propagationPolicy: 'Foreground',
  });
  expect(decodeProtobuf(body('', '', []), podKind, builtInSchemas)).toEqual({ apiVersion: 'v1', kind: 'Pod' });
});

test('unknown fields are passed over, a message in two parts is one, numbers may be packed', () => {
  const security: Part = [
    14,
    [
      [4, Uint8Array.from([1, 2])],
      [4, 3],
    ],
  ];
  const pod = body('v1', 'Pod', [
    [1, [[1, 'a']]],
    [1, [[3, 'b']]],
    [77, 'new'],
    [2, [security, [500, 1]]],
  ]);
  expect(decodeProtobuf(pod, podKind, builtInSchemas)).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', namespace: 'b' },
    spec: { securityContext: { supplementalGroups: [1, 2, 3] } },
  });
});

test.each([
  ['no magic', utf8('{"kind":"Pod"}'), 'does not appear to be a protobuf message'],
  ['a body cut off', body('v1', 'Pod', [[1, [[1, 'a']]]]).subarray(0, -6), 'index out of range'],
  ['a kind that there is not', body('v1', 'Gizmo', []), 'no kind "Gizmo" is registered for version "v1"'],
  ['a wrong wire type', body('v1', 'Pod', [[1, 1]]), 'proto: wrong wireType = 0 for field 1'],
  ['a text that is not UTF-8', body('v1', 'Pod', [[1, [[1, Uint8Array.from([255])]]]]), 'not valid UTF-8'],
  ['a compressed body', body('v1', 'Pod', [], [[3, 'gzip']]), 'unable to decode content encoding "gzip"'],
  ['JSON inside', body('v1', 'Pod', [], [[4, 'application/json']]), 'unable to decode content type'],
  ['a field number of zero', body('v1', 'Pod', [[0, 1]]), 'illegal tag 0'],
])('%s is refused with 400', (_name, bytes, text) => {
  expect(refusal(bytes)).toContain('400 ');
  expect(refusal(bytes)).toContain(text);
});

test('nesting has an end', () => {
  let schema: Part = [1, []];
  for (let depth = 0; depth < 1_000; depth += 1) schema = [28, [schema]];
  const version: Part = [7, [[4, [[1, [schema]]]]]];
  const bytes = body('apiextensions.k8s.io/v1', 'CustomResourceDefinition', [[2, [version]]]);
  expect(refusal(bytes)).toContain('exceeded max depth');
});
