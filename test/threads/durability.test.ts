/**
 * Goal: what a cluster with a data directory has acknowledged outlives its process, however that ends. Method: the whole process is killed under
 * load, at another moment each time, and started again; then everything that was acknowledged is compared. `DURABILITY_KILLS` says how often.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { Random } from '../../src/base/random.ts';
import { CommandLine } from './command.ts';

const kills = Number(process.env['DURABILITY_KILLS'] ?? 5);
const writers = 4;
const path = '/api/v1/namespaces/default/configmaps';

/** What clients know of one object: the value that was acknowledged, and one that may or may not have been taken. */
interface Known {
  acknowledged: string | null;
  attempted: string | null;
}

class Client {
  readonly #url: string;
  readonly #options: { readonly ca: Buffer; readonly headers: Readonly<Record<string, string>> };

  constructor(kubeconfig: string) {
    const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8'));
    this.#url = clusters[0].cluster.server;
    this.#options = {
      ca: Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64'),
      headers: { Authorization: `Bearer ${users[0].user.token}`, 'Content-Type': 'application/json' },
    };
  }

  /** Rejects when the connection breaks: then nobody knows. */
  call(method: string, target: string, body?: object): Promise<{ readonly status: number; readonly text: string }> {
    return new Promise((resolve, reject) => {
      const call = request(`${this.#url}${target}`, { ...this.#options, method }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      });
      call.on('error', reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

/** Writes one object after the other until the connection breaks, and says how: creates it, changes it, deletes every third. */
async function write(client: Client, known: Map<string, Known>, prefix: string): Promise<never> {
  for (let index = 0; ; index += 1) {
    const name = `${prefix}-${index}`;
    const object: Known = { acknowledged: null, attempted: null };
    known.set(name, object);
    const steps = ['first', 'second', ...(index % 3 === 0 ? [null] : [])];
    for (const [step, value] of steps.entries()) {
      object.attempted = value ?? 'deleted';
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } };
      const answer = await (value === null
        ? client.call('DELETE', `${path}/${name}`)
        : client.call(step === 0 ? 'POST' : 'PUT', step === 0 ? path : `${path}/${name}`, body));
      if (answer.status >= 300) throw new Error(`${name}: ${answer.status} ${answer.text}`);
      object.acknowledged = object.attempted;
    }
  }
}

function lossesOf(known: ReadonlyMap<string, Known>, found: ReadonlyMap<string, string>): readonly string[] {
  return [...known].flatMap(([name, { acknowledged, attempted }]) => {
    const value = found.get(name) ?? 'deleted';
    const isPossible = value === (acknowledged ?? 'deleted') || value === (attempted ?? 'deleted');
    return isPossible ? [] : [`${name} is ${value}, was acknowledged as ${acknowledged}, attempted ${attempted}`];
  });
}

test(
  `a cluster killed ${kills} times under load has everything that it acknowledged`,
  async () => {
    await using command = new CommandLine();
    const random = new Random(kills);
    const known = new Map<string, Known>();
    const line = `--name kept --masters 3 --nodes 0 --data-dir ${join(command.folder, 'data')}`;
    let { kubeconfig } = await command.start(line);
    const first = readFileSync(kubeconfig, 'utf8');
    for (let kill = 0; kill < kills; kill += 1) {
      const client = new Client(kubeconfig);
      const writing = Array.from({ length: writers }, (_, writer) =>
        write(client, known, `kill-${kill}-${writer}`).catch(
          (error: NodeJS.ErrnoException) => error.code ?? error.message,
        ),
      );
      await sleep(random.integer(20, 400));
      await command.killProcess();
      for (const ended of await Promise.all(writing)) expect(ended).toMatch(/ECONNRESET|ECONNREFUSED|EPIPE/);
      ({ kubeconfig } = await command.start(line));
      expect(readFileSync(kubeconfig, 'utf8')).toBe(first);
      const { text } = await new Client(kubeconfig).call('GET', path);
      const items = JSON.parse(text).items as { metadata: { name: string }; data: { value: string } }[];
      const found = new Map(items.map(({ metadata, data }) => [metadata.name, data.value]));
      expect(lossesOf(known, found)).toEqual([]);
    }
    expect([...known.values()].filter(({ acknowledged }) => acknowledged !== null).length).toBeGreaterThan(kills);
  },
  60_000 + kills * 20_000,
);
