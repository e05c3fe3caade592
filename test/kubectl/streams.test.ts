/**
 * Streams to containers by unmodified clients: kubectl 1.29 and older (SPDY), the newest kubectl (WebSocket, and SPDY inside one for port-forward) and
 * both lines of @kubernetes/client-node (channels of a WebSocket). Rows A90 to A92 and A97 of the mission.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import * as clientNode2 from '@kubernetes/client-node';
import * as clientNode1 from 'client-node-1';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../../actors/cluster/index.ts';
import { type Binary, kubectlBinaries } from './binaries.ts';
import { Kubectl, printed } from './kubectl.ts';

const all = kubectlBinaries();
const binaries = [...new Set([...all.slice(0, 1), ...all.slice(-1)])];
const none: Binary = { path: '', version: '(skipped: there is no kubectl 1.29 or newer on this machine)' };

const manifest = `
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web }, annotations: { threemaster.dev/log-lines-per-second.main: '20' } }
spec:
  containers:
  - name: main
    image: nginx
    env: [{ name: COLOR, value: green }]
    ports: [{ containerPort: 80 }]
    volumeMounts: [{ name: shared, mountPath: /shared }, { name: settings, mountPath: /etc/settings }]
  - name: side
    image: nginx
    command: [sh, -c, 'echo side one; echo side two; sleep infinity']
    volumeMounts: [{ name: shared, mountPath: /shared }]
  volumes: [{ name: shared, emptyDir: {} }, { name: settings, configMap: { name: settings } }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { color: blue }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start({ masters: 1, nodes: 1 });
  await cluster.apply(manifest);
  await cluster.waitFor('pod/web', 'Ready');
});

afterAll(() => cluster?.stop());

/** Sends one HTTP request over a connection of its own and returns the whole answer. */
function get(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
    });
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}

describe.skipIf(binaries.length === 0).each(binaries.length === 0 ? [none] : binaries)('kubectl $version', (binary) => {
  let kubectl: Kubectl;

  beforeAll(() => {
    kubectl = new Kubectl(binary, cluster.kubeconfigPath);
  });

  afterAll(() => kubectl?.[Symbol.dispose]());

  test('exec runs a command, carries its input and its output, and ends with its exit code', async () => {
    expect(await kubectl.ok('exec web -c main -- echo hello world')).toBe('hello world\n');
    expect(await kubectl.ok('exec web -c main -- hostname')).toBe('web\n');
    expect(await kubectl.ok('exec web -c main -- env')).toContain('COLOR=green\n');
    expect(await kubectl.ok('exec -i web -c main -- cat', 'one\ntwo\n')).toBe('one\ntwo\n');
    const script = await kubectl.run('exec -i web -c main -- sh', 'echo out\necho err >&2\nnonsense\nexit 7\n');
    expect(script.stdout).toBe('out\n');
    expect(script.stderr).toContain('err\nsh: nonsense: not found\n');
    expect(script.stderr).toContain('command terminated with exit code 7');
    expect(script.code).toBe(7);
    expect((await kubectl.run('exec web -c main -- nonsense')).code).toBe(127);
  });

  test('exec carries much both ways, byte for byte', async () => {
    const text = Array.from({ length: 100_000 }, (_, index) => `${index}\n`).join('');
    expect((await kubectl.ok('exec -i web -c main -- cat', text)) === text).toBe(true);
  });

  test('an interactive shell has a terminal', async () => {
    const command = [
      binary.path,
      '--kubeconfig',
      cluster.kubeconfigPath,
      'exec',
      '-it',
      'web',
      '-c',
      'main',
      '--',
      'sh',
    ];
    const child = spawn('script', ['-qec', command.join(' '), '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
    await printed(child, '# ');
    const answered = printed(child, 'blue\r\n');
    child.stdin.write('echo blue\r');
    await answered;
    const code = new Promise((resolve) => child.on('exit', resolve));
    child.stdin.write('exit 3\r');
    expect(await code, output).toBe(3);
  });

  test('cp carries a file and a folder both ways, byte for byte', async () => {
    const here = mkdtempSync(join(tmpdir(), 'threemaster-cp-'));
    const tree = join(here, 'tree');
    mkdirSync(join(tree, 'deep', 'er'), { recursive: true });
    const long = `${'long-name-'.repeat(15)}.txt`;
    const contents: Readonly<Record<string, Buffer>> = {
      'big.bin': randomBytes(5 * 1024 * 1024),
      'deep/er/small.txt': Buffer.from('small\n'),
      'deep/empty': Buffer.alloc(0),
      [long]: Buffer.from('of a long name'),
    };
    for (const [name, bytes] of Object.entries(contents)) writeFileSync(join(tree, name), bytes);
    try {
      await kubectl.ok(`cp ${tree} default/web:/tmp/tree -c main`);
      expect(await kubectl.ok('exec web -c main -- ls /tmp/tree/deep')).toBe('empty\ner\n');
      await kubectl.ok(`cp web:/tmp/tree ${join(here, 'back')} -c main`);
      for (const [name, bytes] of Object.entries(contents)) {
        expect(readFileSync(join(here, 'back', name)).equals(bytes), name).toBe(true);
      }
      await kubectl.ok(`cp ${join(tree, 'big.bin')} web:/shared/copy.bin -c main`);
      await kubectl.ok(`cp web:/shared/copy.bin ${join(here, 'one.bin')} -c side --retries=2`);
      expect(readFileSync(join(here, 'one.bin')).equals(contents['big.bin'] ?? Buffer.alloc(0))).toBe(true);
      const missing = await kubectl.run(`cp web:/tmp/nothing ${join(here, 'nothing')} -c main`);
      // An older kubectl may be gone before it has read what tar said.
      if (binary.version !== '1.28') {
        expect(missing.stdout + missing.stderr).toContain('/tmp/nothing: No such file or directory');
      }
      expect(existsSync(join(here, 'nothing'))).toBe(false);
    } finally {
      rmSync(here, { recursive: true });
      await kubectl.ok('exec web -c main -- rm -rf /tmp/tree /shared/copy.bin');
    }
  });

  test('a container has files, and volumes that its pod shares', async () => {
    const shell = (script: string, container = 'main') =>
      kubectl.ok(`exec -i web -c ${container} -- sh`, `${script}\n`);
    expect(await shell('cat /etc/hostname; cat /etc/settings/color; echo; ls /')).toContain('web\nblue\nbin\n');
    expect(await shell('for i in 1 2 3; do echo $i; done | grep -v 2 > /shared/list; cat < /shared/list')).toBe(
      '1\n3\n',
    );
    expect(await shell('wc -l < /shared/list', 'side')).toBe('2\n');
    const refused = await kubectl.run('exec web -c main -- touch /etc/settings/other');
    expect(refused.stderr).toContain('touch: /etc/settings/other: Read-only file system');
    expect(refused.code).toBe(1);
    await shell('rm /shared/list');
  });

  test('what cannot be is said as Kubernetes says it', async () => {
    expect((await kubectl.run('exec web -c other -- true')).stderr).toContain(
      'container other is not valid for pod web',
    );
    expect((await kubectl.run('exec nothing -- true')).stderr).toContain('pods "nothing" not found');
  });

  test('attach shows what a container says from now on', async () => {
    const child = kubectl.start('attach web -c main');
    expect(await printed(child, 'line ')).toMatch(/line \d+\n/);
    child.kill();
  });

  test('logs takes all its options', async () => {
    const logs = (options: string): Promise<string> => kubectl.ok(`logs web ${options}`);
    expect(await logs('-c side')).toBe('side one\nside two\n');
    expect(await logs('-c side --tail=1')).toBe('side two\n');
    expect(await logs('-c side --limit-bytes=4')).toBe('side');
    expect(await logs('-c side --timestamps')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z side one\n/);
    expect(await logs('-c side --since-time=2030-01-01T00:00:00Z')).toBe('');
    expect(await logs('-c side --since=1h')).toContain('side one\n');
    expect(await logs('--all-containers --prefix --tail=1')).toMatch(/\[pod\/web\/side\] side two\n/);
    expect(await logs('-c side --insecure-skip-tls-verify-backend')).toContain('side one');
    expect((await kubectl.run('logs web -c side --previous')).stderr).toContain('previous terminated container "side"');
    const path = '/api/v1/namespaces/default/pods/web/log?container=side';
    expect(await kubectl.ok(`get --raw ${path}&stream=Stdout`)).toBe('side one\nside two\n');
    expect(await kubectl.ok(`get --raw ${path}&stream=Stderr`)).toBe('');
    expect((await kubectl.run(`get --raw ${path}&stream=Other`)).stderr).toContain('Unsupported value: "Other"');
    const child = kubectl.start('logs web -c main -f --tail=0');
    expect(await printed(child, 'line ')).toMatch(/line \d+\n/);
    child.kill();
  });

  test('run --rm -i shows the output of a pod and removes it', async () => {
    const { code, stdout, stderr } = await kubectl.run(
      `run once-${binary.version.replace('.', '-')} --rm -i --restart=Never --image=busybox -- sh -c exit`,
    );
    expect(code, stdout + stderr).toBe(0);
    expect(stdout + stderr).toContain('deleted');
  });

  test('port-forward carries several connections, to a pod and to a service', async () => {
    for (const target of ['pod/web', 'service/web']) {
      const child = kubectl.start(`port-forward ${target} :80`);
      const port = Number(/127\.0\.0\.1:(\d+)/.exec(await printed(child, 'Forwarding from 127'))?.[1]);
      const answers = await Promise.all(['/a', '/b', '/c'].map((path) => get(port, path)));
      for (const [index, answer] of answers.entries()) {
        expect(answer).toContain('HTTP/1.1 200 OK');
        expect(answer).toContain(`simulated container main of pod default/web: GET /${'abc'[index]}\n`);
      }
      child.kill();
    }
  });

  test('proxy passes requests to the API', async () => {
    const child = kubectl.start('proxy --port=0');
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(await printed(child, 'Starting to serve'))?.[1]);
    expect(await get(port, '/api/v1/namespaces/default/pods/web')).toContain('"name":"web"');
    child.kill();
  });
});

describe.each([
  ['2', clientNode2],
  ['1.4', clientNode1 as unknown as typeof clientNode2],
])('client-node %s', (_version, library) => {
  function config(): clientNode2.KubeConfig {
    const loaded = new library.KubeConfig();
    loaded.loadFromFile(cluster.kubeconfigPath);
    return loaded;
  }

  function collector(): { readonly stream: Writable; readonly text: () => string } {
    let text = '';
    const stream = new Writable({
      write(part: Buffer, _encoding, done): void {
        text += part.toString();
        done();
      },
    });
    return { stream, text: () => text };
  }

  test('Exec carries input and output and tells the status', async () => {
    const [out, err] = [collector(), collector()];
    const input = new PassThrough();
    const status = await new Promise<clientNode2.V1Status>((resolve, reject) => {
      new library.Exec(config())
        .exec('default', 'web', 'main', ['sh'], out.stream, err.stream, input, false, resolve)
        .catch(reject);
      input.end('echo out\necho err >&2\nexit 5\n');
    });
    expect([out.text(), err.text(), status.reason]).toEqual(['out\n', 'err\n', 'NonZeroExitCode']);
    expect(status.details?.causes).toEqual([{ reason: 'ExitCode', message: '5' }]);
  });

  test('Attach shows output from now on', async () => {
    const out = new PassThrough();
    const socket = await new library.Attach(config()).attach('default', 'web', 'main', out, null, null, false);
    const text = await new Promise<string>((resolve) => out.once('data', (part: Buffer) => resolve(part.toString())));
    expect(text).toMatch(/line \d+\n/);
    socket.close();
  });

  test('PortForward carries a connection', async () => {
    const out = collector();
    const input = new PassThrough();
    const forward = new library.PortForward(config());
    const socket = await forward.portForward('default', 'web', [80], out.stream, null, input);
    input.write('GET /x HTTP/1.1\r\nHost: pod\r\n\r\n');
    await expect.poll(out.text).toContain('simulated container main of pod default/web: GET /x\n');
    (socket as { close: () => void }).close();
  });
});

test('script, which the terminal test needs, is there', () => {
  expect(execFileSync('script', ['--version'], { encoding: 'utf8' })).toContain('script');
});
