/** What people type, and what the command makes of it. */
import { describe, expect, test } from 'vitest';
import { type Invocation, parseCommandLine } from '../../../src/cli/command-line.ts';

const parse = (line: string): Invocation => parseCommandLine(line === '' ? [] : line.split(' '), '1.2.3');
const inText = { name: 'default', output: 'text' } as const;

describe('what is asked for', () => {
  const cases: readonly (readonly [line: string, want: Invocation])[] = [
    ['', { type: 'demo', once: false, masters: 3, nodes: 3 }],
    ['--once --masters 1', { type: 'demo', once: true, masters: 1, nodes: 3 }],
    ['demo --nodes 0', { type: 'demo', once: false, masters: 3, nodes: 0 }],
    ['start', { type: 'start', ...inText, isDetached: false, request: {} }],
    [
      'start --name lab --masters 5 --nodes 100 --data-dir d --kubeconfig k --port 6443 --token 12345678 --profile kubernetes --runtime worker --stages s.yaml --detach -o json',
      {
        type: 'start',
        name: 'lab',
        output: 'json',
        isDetached: true,
        request: {
          masters: 5,
          nodes: 100,
          dataDirectory: 'd',
          kubeconfigFile: 'k',
          port: 6443,
          adminToken: '12345678',
          profile: 'kubernetes',
          runtime: 'worker',
          stagesFile: 's.yaml',
        },
      },
    ],
    [
      'start --controllers *,-job-controller',
      { type: 'start', ...inText, isDetached: false, request: { controllers: ['*', '-job-controller'] } },
    ],
    ['start --registry', { type: 'start', ...inText, isDetached: false, request: { registry: true } }],
    ['start --no-registry', { type: 'start', ...inText, isDetached: false, request: { registry: false } }],
    ['start --registry 5000', { type: 'start', ...inText, isDetached: false, request: { registry: 5000 } }],
    [
      'push shop/web:v1 ./shop --env A=b=c --env D= --workdir /app --cmd x',
      {
        type: 'push',
        ...inText,
        request: {
          image: 'shop/web:v1',
          directory: './shop',
          entrypoint: [],
          command: ['x'],
          env: { A: 'b=c', D: '' },
          workingDirectory: '/app',
        },
      },
    ],
    [
      'start --node-group spot:0:5 --node-group base:2:2',
      {
        type: 'start',
        ...inText,
        isDetached: false,
        request: {
          nodeGroups: [
            { name: 'spot', min: 0, max: 5 },
            { name: 'base', min: 2, max: 2 },
          ],
        },
      },
    ],
    ['serve', { type: 'serve' }],
    ['status', { type: 'control', ...inText, command: { type: 'status' } }],
    ['status --name a --output json', { type: 'control', name: 'a', output: 'json', command: { type: 'status' } }],
    [
      'kill master-0/apiserver',
      { type: 'control', ...inText, command: { type: 'kill', member: 'master-0/apiserver' } },
    ],
    ['pause node-2', { type: 'control', ...inText, command: { type: 'pause', member: 'node-2', forMs: null } }],
    [
      'pause node-2 --for 1.5s',
      { type: 'control', ...inText, command: { type: 'pause', member: 'node-2', forMs: 1_500 } },
    ],
    ['resume node-2', { type: 'control', ...inText, command: { type: 'resume', member: 'node-2' } }],
    ['restart master-1', { type: 'control', ...inText, command: { type: 'restart', member: 'master-1' } }],
    [
      'partition master-0,node-0 master-1',
      { type: 'control', ...inText, command: { type: 'partition', groups: [['master-0', 'node-0'], ['master-1']] } },
    ],
    ['heal', { type: 'control', ...inText, command: { type: 'heal' } }],
    ['add-master', { type: 'control', ...inText, command: { type: 'addMaster' } }],
    ['remove-master master-1', { type: 'control', ...inText, command: { type: 'removeMaster', member: 'master-1' } }],
    ['stop --name a', { type: 'control', name: 'a', output: 'text', command: { type: 'stop' } }],
    ['delete', { type: 'delete', ...inText }],
    ['list -o json', { type: 'list', output: 'json' }],
    ['version', { type: 'print', text: '1.2.3\n', exitCode: 0 }],
    ['version -o json', { type: 'print', text: '{"version":"1.2.3"}\n', exitCode: 0 }],
  ];
  test.each(cases)('%s', (line, want) => {
    expect(parse(line)).toEqual(want);
  });
});

describe('what is wrong is said in a line that says what is allowed', () => {
  const cases: readonly (readonly [line: string, text: string])[] = [
    ['demo --masters 8', 'Must be a whole number from 1 to 7.'],
    ['demo --nodes many', 'Must be a whole number from 0 to 1000.'],
    ['demo --mastres 3', "unknown option '--mastres'"],
    ['demo now', 'too many arguments'],
    ['frobnicate', "unknown command 'frobnicate'"],
    ['start --masters 8', 'Must be a whole number from 1 to 7.'],
    ['start --name Big', 'Must be 1 to 40 lower-case letters, digits or dashes.'],
    ['start --port 0', 'Must be a whole number from 1 to 65535.'],
    ['start --profile slow', 'Allowed choices are fast, kubernetes.'],
    ['start --registry x', 'Must be a whole number from 1 to 65535.'],
    ['push shop:v1 . --env A', 'Must be NAME=VALUE.'],
    ['start --runtime docker', 'Allowed choices are simulated, worker, process.'],
    ['start extra', 'too many arguments'],
    ['kill', "missing required argument 'member'"],
    ['pause node-1 --for soon', 'Must be a duration such as 500ms, 5s or 1m.'],
    ['status -o yaml', 'Allowed choices are text, json.'],
    ['statsu', 'Did you mean status?'],
  ];
  test.each(cases)('%s', (line, text) => {
    const found = parse(line);
    expect(found).toMatchObject({ type: 'print', exitCode: 2 });
    expect((found as { text: string }).text).toContain(text);
  });
});

test('the words of an entry point are parted', () => {
  const invocation = parseCommandLine(['push', 'a', '.', '--entrypoint', 'node  /main.mjs'], '1.2.3');
  expect(invocation).toMatchObject({ type: 'push', request: { entrypoint: ['node', '/main.mjs'] } });
});

test('help names every command but the one for detached processes, and exits with 0', () => {
  const found = parse('--help') as Extract<Invocation, { type: 'print' }>;
  expect(found.exitCode).toBe(0);
  for (const name of [
    'start',
    'status',
    'kill',
    'pause',
    'resume',
    'restart',
    'partition',
    'heal',
    'add-master',
    'remove-master',
    'stop',
    'delete',
    'list',
  ]) {
    expect(found.text).toContain(`\n  ${name}`);
  }
  expect(found.text).not.toContain('serve');
});
