/** The containers of one runtime, and the ids that it gives away: to sandboxes, containers and images alike. */
import type { ContainerConfig, RuntimeContainer } from '../protocol/runtime.ts';

interface Held {
  readonly id: string;
  readonly sandboxId: string;
  readonly config: ContainerConfig;
  readonly state: RuntimeContainer['state'];
  status(): RuntimeContainer;
}

export class ContainerTable<Container extends Held> {
  readonly #idPrefix: string;
  readonly #byId = new Map<string, Container>();
  #lastId = 0;

  /** `idPrefix` makes ids unique among nodes and lives of runtimes: hexadecimal. */
  constructor(idPrefix: string) {
    this.#idPrefix = idPrefix;
  }

  newId(): string {
    this.#lastId += 1;
    return `${this.#idPrefix}${this.#lastId.toString(16).padStart(8, '0')}`;
  }

  get(id: string): Container | undefined {
    return this.#byId.get(id);
  }

  running(id: string): Container | undefined {
    const container = this.#byId.get(id);
    return container?.state === 'running' ? container : undefined;
  }

  add(container: Container): void {
    this.#byId.set(container.id, container);
  }

  delete(id: string): void {
    this.#byId.delete(id);
  }

  all(): readonly Container[] {
    return [...this.#byId.values()];
  }

  statuses(): readonly RuntimeContainer[] {
    return this.all().map((container) => container.status());
  }

  inSandbox(sandboxId: string): readonly Container[] {
    return this.all().filter((container) => container.sandboxId === sandboxId);
  }

  /** The container that an earlier request for the same one has made: an answer may have been lost. */
  madeBefore(sandboxId: string, { name, attempt }: ContainerConfig): Container | undefined {
    return this.inSandbox(sandboxId).find(({ config }) => config.name === name && config.attempt === attempt);
  }
}
