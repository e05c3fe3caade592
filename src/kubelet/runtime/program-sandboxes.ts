/** The sandboxes of real programs, and the volumes of their pods: a sandbox is ready when its pod's volumes are made. */
import type { Effect } from '../../actor/effect.ts';
import type { ReplyOf, RequestOf } from '../../actor/protocol.ts';
import type { WallMs } from '../../base/brand.ts';
import type { RuntimeProtocol, SandboxConfig, SandboxStatus } from '../../protocol/runtime.ts';
import { PodVolumes } from './pod-volumes.ts';
import type { Completion, PortCalls } from './port-calls.ts';

type Asks = RuntimeProtocol['asks'];
type Answer<Type extends keyof Asks> = (reply: ReplyOf<Asks[Type]>) => void;

export class ProgramSandboxes {
  readonly #calls: PortCalls;
  readonly #sandboxes = new Map<string, SandboxStatus>();
  /** Who waits for a sandbox that is being made, by the pod's uid and attempt. */
  readonly #making = new Map<string, Answer<'runPodSandbox'>[]>();
  readonly #volumes = new PodVolumes();

  constructor(calls: PortCalls) {
    this.#calls = calls;
  }

  get(id: string): SandboxStatus | undefined {
    return this.#sandboxes.get(id);
  }

  all(): readonly SandboxStatus[] {
    return [...this.#sandboxes.values()];
  }

  /** Makes a sandbox under the id that `newId` gives; one that is there already is the answer. `wallMs` gives the time when it is ready. */
  run(
    config: SandboxConfig,
    newId: () => string,
    wallMs: () => WallMs,
    answer: Answer<'runPodSandbox'>,
  ): readonly Effect[] {
    const known = this.all().find(
      (sandbox) =>
        sandbox.config.uid === config.uid && sandbox.config.attempt === config.attempt && sandbox.state === 'ready',
    );
    const key = `${config.attempt} ${config.uid}`;
    const waiting = this.#making.get(key);
    if (known !== undefined) answer({ type: 'done', sandboxId: known.id });
    else waiting?.push(answer);
    if (known !== undefined || waiting !== undefined) return [];
    this.#making.set(key, [answer]);
    const finish = (error: string | null): void => {
      const id = newId();
      if (error === null) this.#sandboxes.set(id, { id, config, state: 'ready', createdAtMs: wallMs() });
      for (const each of this.#making.get(key) ?? []) {
        each(
          error === null ? { type: 'done', sandboxId: id } : { type: 'failed', code: 'startFailed', message: error },
        );
      }
      this.#making.delete(key);
    };
    return this.#makeVolumes(config.uid, finish);
  }

  stopped(id: string): void {
    const sandbox = this.#sandboxes.get(id);
    if (sandbox !== undefined) this.#sandboxes.set(id, { ...sandbox, state: 'stopped' });
  }

  remove(id: string): void {
    this.#sandboxes.delete(id);
  }

  setVolume({ podUid, name, content }: RequestOf<Asks['setVolume']>, answer: Answer<'setVolume'>): readonly Effect[] {
    if (!this.#volumes.set(podUid, name, content)) {
      answer({ type: 'done' });
      return [];
    }
    const settle = (completion: Completion): void => {
      if (completion.type === 'failed') answer({ type: 'failed', code: 'startFailed', message: completion.message });
      else answer({ type: 'done' });
    };
    return [this.#calls.call({ type: 'setVolume', podUid, name, content }, settle)];
  }

  removeVolumes(podUid: string, answer: Answer<'removeVolumes'>): readonly Effect[] {
    this.#volumes.forget(podUid);
    return [this.#calls.call({ type: 'removeVolumes', podUid }, () => answer({ type: 'done' }))];
  }

  /** The pod belongs to another runtime. */
  disown(podUid: string): void {
    this.#volumes.forget(podUid);
  }

  #makeVolumes(podUid: string, finish: (error: string | null) => void): readonly Effect[] {
    const volumes = this.#volumes.take(podUid);
    let left = volumes.length;
    let error: string | null = null;
    if (left === 0) finish(null);
    return volumes.map(([name, content]) =>
      this.#calls.call({ type: 'setVolume', podUid, name, content }, (completion) => {
        if (completion.type === 'failed') error ??= completion.message;
        left -= 1;
        if (left === 0) finish(error);
      }),
    );
  }
}
