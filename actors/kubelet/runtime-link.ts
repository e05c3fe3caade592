/**
 * The kubelet's connection to its container runtime: the stream of changes, the list that makes up for what a broken stream missed, and the
 * questions of the pods' machines. While the runtime is gone, nothing is asked and questions fail at once.
 */
import type { Effect } from '../../src/actor/effect.ts';
import type { ActorStatus } from '../../src/actor/failure.ts';
import type { Input } from '../../src/actor/input.ts';
import type { Kubelet } from '../../src/kubelet/kubelet.ts';
import type { NumberedCall } from '../../src/kubelet/kubelet-work.ts';
import type { RuntimeHealth } from '../../src/kubelet/node-object.ts';
import {
  type RuntimeContainer,
  type RuntimeProtocol,
  runtimeCallTimeoutMs,
  type SandboxStatus,
} from '../../src/protocol/runtime.ts';

/** Ids of questions to the runtime start here, far above those of flows; streams of it likewise. */
export const runtimeIdMin = 1_000_000_000_000;
const versionId = runtimeIdMin - 1;
const listId = runtimeIdMin - 2;
const eventsCredit = 1_024;
const eventsCreditBatch = 256;
const retryTimer = 'runtime:retry';

export class RuntimeLink {
  readonly #path: string;
  readonly #kubelet: Kubelet;
  readonly #retryMs: number;
  #health: RuntimeHealth = { name: 'threemaster', version: '0.0.0', isReachable: false };
  #isRunning = false;
  /** Subscription of the events; 0 while there is none. */
  #events = 0;
  #lastEvents = runtimeIdMin;
  #unreturnedCredit = 0;
  #isListing = false;
  /** A list was asked for while one was under way, which may be too old. */
  #mustListAgain = false;

  constructor(path: string, kubelet: Kubelet, retryMs: number) {
    this.#path = path;
    this.#kubelet = kubelet;
    this.#retryMs = retryMs;
  }

  get path(): string {
    return this.#path;
  }

  get health(): RuntimeHealth {
    return this.#health;
  }

  start(): readonly Effect[] {
    return [{ type: 'watch', path: this.#path }];
  }

  /** Takes an input that concerns the runtime; null when it does not. */
  handle(input: Input): readonly Effect[] | null {
    switch (input.type) {
      case 'watched':
        return input.path === this.#path ? this.#statusChanged(input.status) : null;
      case 'reply':
        return input.id >= listId ? this.#answered(input) : null;
      case 'askFailed':
        return input.id >= listId ? this.#failed(input) : null;
      case 'item':
        return input.id === this.#events ? this.#changed(input) : null;
      case 'ended':
        return input.id === this.#events ? this.#lostEvents() : null;
      case 'timer':
        return input.key === retryTimer ? this.#connect() : null;
      default:
        return null;
    }
  }

  /** Asks what the machines want to know. */
  ask(calls: readonly NumberedCall[], wantsList: boolean): readonly Effect[] {
    const effects = calls.map(
      ({ id, type, request, timeoutMs }): Effect => ({
        type: 'ask',
        to: this.#path,
        id: runtimeIdMin + id,
        body: { type, request },
        timeoutMs,
      }),
    );
    return wantsList ? [...effects, ...this.#list()] : effects;
  }

  #statusChanged(status: ActorStatus): readonly Effect[] {
    this.#isRunning = status === 'running';
    if (status === 'terminated') {
      this.#events = 0;
      this.#health = { ...this.#health, isReachable: false };
    }
    return this.#isRunning ? this.#connect() : [];
  }

  #connect(): readonly Effect[] {
    if (!this.#isRunning || this.#events !== 0) return this.#isRunning ? this.#list() : [];
    this.#lastEvents += 1;
    this.#events = this.#lastEvents;
    this.#unreturnedCredit = 0;
    return [
      {
        type: 'subscribe',
        to: this.#path,
        id: this.#events,
        body: { type: 'events', request: null },
        credit: eventsCredit,
      },
      this.#question(versionId, 'version'),
      ...this.#list(),
    ];
  }

  #list(): readonly Effect[] {
    if (!this.#isRunning) return [];
    this.#mustListAgain = this.#isListing;
    if (this.#isListing) return [];
    this.#isListing = true;
    return [this.#question(listId, 'list')];
  }

  #question(id: number, type: keyof RuntimeProtocol['asks']): Effect {
    return { type: 'ask', to: this.#path, id, body: { type, request: null }, timeoutMs: runtimeCallTimeoutMs };
  }

  #answered(input: Extract<Input, { type: 'reply' }>): readonly Effect[] {
    if (input.id === versionId) {
      const { name, version } = input.body as RuntimeProtocol['asks']['version']['reply'];
      this.#health = { name, version, isReachable: true };
      this.#kubelet.runtimeNamed(name);
    } else if (input.id === listId) {
      this.#isListing = false;
      const { sandboxes, containers } = input.body as {
        readonly sandboxes: readonly SandboxStatus[];
        readonly containers: readonly RuntimeContainer[];
      };
      this.#kubelet.listed(sandboxes, containers, input);
      if (this.#mustListAgain) return this.#list();
    } else this.#kubelet.answered(input.id - runtimeIdMin, input.body, input);
    return [];
  }

  #failed(input: Extract<Input, { type: 'askFailed' }>): readonly Effect[] {
    if (input.id >= runtimeIdMin) {
      this.#kubelet.unanswered(input.id - runtimeIdMin, input);
      return [];
    }
    if (input.id === listId) this.#isListing = false;
    return [{ type: 'timer', key: retryTimer, afterMs: this.#retryMs }];
  }

  #changed(input: Extract<Input, { type: 'item' }>): readonly Effect[] {
    this.#kubelet.containerChanged(input.body as RuntimeContainer, input);
    this.#unreturnedCredit += 1;
    if (this.#unreturnedCredit < eventsCreditBatch) return [];
    const messages = this.#unreturnedCredit;
    this.#unreturnedCredit = 0;
    return [{ type: 'credit', id: this.#events, messages }];
  }

  #lostEvents(): readonly Effect[] {
    this.#events = 0;
    return [{ type: 'timer', key: retryTimer, afterMs: this.#retryMs }];
  }
}
