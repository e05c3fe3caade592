/** A node's runtime on the test's own thread, with its port to the world, and a client that speaks the runtime's protocol. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeRuntimeRole } from '../../actors/kubelet/main.ts';
import type { NodeRuntimeArgs, RuntimeHandler } from '../../actors/kubelet/node-runtime.ts';
import { OwnThread } from '../../actors/runtime/thread.ts';
import { ThreadWorld } from '../../actors/runtime/thread-world.ts';
import type { Input } from '../../src/actor/input.ts';
import type { ReplyOf, RequestOf } from '../../src/actor/protocol.ts';
import { utf8Text } from '../../src/base/bytes.ts';
import type {
  ContainerConfig,
  RuntimeContainer,
  RuntimeProtocol,
  SandboxConfig,
  SessionItem,
} from '../../src/protocol/runtime.ts';
import { Probe } from './harness.ts';

type Asks = RuntimeProtocol['asks'];
type Streams = RuntimeProtocol['streams'];

const runtimePath = 'node/runtime';
const timeoutMs = 20_000;
const allCredit = 1_000_000;
/** Files of tests run side by side, in processes of their own: each has other addresses. */
const podRange = `127.77.${process.pid % 256}`;

/** A stream that the client reads. */
export interface Subscription<Item> {
  readonly id: number;
  items(): readonly Item[];
  ended(): Promise<string>;
}

export class RuntimeHarness implements AsyncDisposable {
  readonly folder: string;
  readonly handler: RuntimeHandler;
  readonly #probe = new Probe();
  readonly #own: OwnThread;
  readonly #world: ThreadWorld;
  #lastId = 0;
  #lastPod = 0;
  #events: Subscription<RuntimeContainer> | undefined;

  constructor(handler: RuntimeHandler) {
    this.handler = handler;
    this.folder = mkdtempSync(join(tmpdir(), 'threemaster-runtime-'));
    const roles = [nodeRuntimeRole, this.#probe.role()];
    this.#world = new ThreadWorld({ thread: 'node', clusterSeed: 1, roles, report: () => {} });
    this.#own = new OwnThread(this.#world);
  }

  async start(images: Readonly<Record<string, string>> = {}): Promise<this> {
    const programs = {
      images,
      folder: join(this.folder, 'nodes', 'node'),
      volumesFolder: join(this.folder, 'volumes'),
    };
    const args: NodeRuntimeArgs = { handler: this.handler, programs };
    await this.#own.call((control) =>
      control.start([
        { path: runtimePath, role: 'runtime', args, incarnation: 1 },
        { path: 'node/probe', role: 'probe', args: null, incarnation: 1 },
      ]),
    );
    this.#events = this.subscribe('events', null);
    return this;
  }

  /** Everything that a container was, in order. */
  changesOf(containerId: string): readonly RuntimeContainer[] {
    return (this.#events?.items() ?? []).filter(({ id }) => id === containerId);
  }

  async ask<Type extends keyof Asks>(type: Type, request: RequestOf<Asks[Type]>): Promise<ReplyOf<Asks[Type]>> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#probe.perform({ type: 'ask', to: runtimePath, id, body: { type, request } as never, timeoutMs });
    const { body } = await this.#probe.waitFor('reply', (input) => input.id === id);
    return body as ReplyOf<Asks[Type]>;
  }

  subscribe<Type extends keyof Streams>(
    type: Type,
    request: Streams[Type]['request'],
    credit = allCredit,
  ): Subscription<Streams[Type]['item']> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#probe.perform({ type: 'subscribe', to: runtimePath, id, body: { type, request } as never, credit });
    const isItem = (input: Input): input is Extract<Input, { type: 'item' }> =>
      input.type === 'item' && input.id === id;
    return {
      id,
      items: () => this.#probe.inputs.filter(isItem).map(({ body }) => body as Streams[Type]['item']),
      ended: async () => (await this.#probe.waitFor('ended', (input) => input.id === id)).reason,
    };
  }

  unsubscribe(id: number): void {
    this.#probe.perform({ type: 'unsubscribe', id });
  }

  grant(id: number, messages: number): void {
    this.#probe.perform({ type: 'credit', id, messages });
  }

  sandboxConfig(rest: Partial<SandboxConfig> = {}): SandboxConfig {
    this.#lastPod += 1;
    return {
      namespace: 'default',
      name: `pod-${this.#lastPod}`,
      uid: `uid-${this.#lastPod}`,
      attempt: 0,
      hostname: `pod-${this.#lastPod}`,
      nodeName: 'node',
      annotations: {},
      podIp: `${podRange}.${this.#lastPod + 1}`,
      hostAliases: [],
      runtimeHandler: '',
      ...rest,
    };
  }

  async sandbox(
    rest: Partial<SandboxConfig> = {},
  ): Promise<{ readonly sandboxId: string; readonly config: SandboxConfig }> {
    const config = this.sandboxConfig(rest);
    const answer = await this.ask('runPodSandbox', { config });
    if (answer.type === 'failed') throw new Error(answer.message);
    return { sandboxId: answer.sandboxId, config };
  }

  /** Makes a container in a sandbox; returns its id. */
  async create(sandboxId: string, config: ContainerConfig): Promise<string> {
    const answer = await this.ask('createContainer', { sandboxId, config });
    if (answer.type === 'failed') throw new Error(answer.message);
    return answer.containerId;
  }

  /** Makes and starts a container in a sandbox of its own. */
  async run(config: Partial<ContainerConfig>): Promise<{ readonly sandboxId: string; readonly containerId: string }> {
    const { sandboxId } = await this.sandbox();
    const containerId = await this.create(sandboxId, containerConfig(config));
    const started = await this.ask('startContainer', { containerId });
    if (started.type === 'failed') throw new Error(started.message);
    return { sandboxId, containerId };
  }

  async container(containerId: string): Promise<RuntimeContainer | undefined> {
    const { containers } = await this.ask('list', null);
    return containers.find(({ id }) => id === containerId);
  }

  /** Resolves with a container once it has ended. */
  async exited(containerId: string): Promise<RuntimeContainer> {
    const isEnd = (body: unknown): boolean => {
      const { id, state } = body as RuntimeContainer;
      return id === containerId && state === 'exited';
    };
    await this.#probe.waitFor('item', (input) => input.id === this.#events?.id && isEnd(input.body));
    const container = await this.container(containerId);
    if (container === undefined) throw new Error('the container is gone');
    return container;
  }

  async logs(containerId: string, rest: Partial<Streams['logs']['request']['options']> = {}): Promise<string> {
    const options = { follow: false, tailLines: null, sinceMs: null, timestamps: false, limitBytes: null, ...rest };
    const stream = this.subscribe('logs', { containerId, options });
    await stream.ended();
    return stream
      .items()
      .map(({ bytes }) => utf8Text(bytes))
      .join('');
  }

  /** Resolves once `condition` holds of what has arrived. */
  async until(condition: () => boolean): Promise<void> {
    await this.#probe.waitFor('item', condition);
  }

  /** Ends the runtime from one moment to the next. */
  async kill(): Promise<void> {
    await this.#own.call((control) => control.kill(runtimePath));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#own.call((control) => control.kill(runtimePath));
    this.#world.close();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }
}

/** What a session wrote on one stream. */
export function written(items: readonly SessionItem[], type: 'stdout' | 'stderr'): string {
  return items.flatMap((item) => (item.type === type ? [utf8Text(item.bytes)] : [])).join('');
}

export function containerConfig(rest: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    name: 'main',
    attempt: 0,
    image: 'busybox',
    imageId: '',
    command: [],
    args: [],
    workingDirectory: '',
    env: [],
    memoryLimitBytes: 0,
    cpuLimitMillis: 0,
    isExpectedToEnd: false,
    mounts: [],
    stdin: false,
    stdinOnce: false,
    tty: false,
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    ...rest,
  };
}
