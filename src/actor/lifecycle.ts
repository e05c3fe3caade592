/**
 * Which actors live on a host, from their start to their end, and what follows when one fails: supervision as docs/actor-semantics.md
 * states it. An actor is in the map exactly while it is not ended; whoever deals with it learns its end before the map's next reader.
 */

import { assert, must } from '../base/assert.ts';
import { Random } from '../base/random.ts';
import { assertPath } from './address.ts';
import type { AskTable } from './ask-table.ts';
import type { ActorContext, AnyRole } from './behaviour.ts';
import { type ActorSpec, Cell } from './cell.ts';
import { throughCodec } from './codec.ts';
import type { ActorFault, EndReason, HostEvent } from './host-world.ts';
import type { Kernel } from './kernel.ts';
import { stopGraceMs } from './limits.ts';
import { noteConsumed } from './mailbox.ts';
import { Memo } from './memo.ts';
import type { StreamTable } from './stream-table.ts';
import { FaultRecord, restartByDefault } from './supervision.ts';
import type { WatchTable } from './watch-table.ts';

export interface LifecycleOptions {
  readonly kernel: Kernel;
  readonly clusterSeed: number;
  readonly roles: readonly AnyRole[];
  /** What has to do with an actor, and is told of its end. */
  readonly asks: AskTable;
  readonly streams: StreamTable;
  readonly watches: WatchTable;
  readonly report: (event: HostEvent) => void;
  readonly wake: () => void;
}

export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #roles: ReadonlyMap<string, AnyRole>;
  readonly #cells = new Map<string, Cell>();
  /** Actors that are about to be started again, by path. */
  readonly #failed = new Map<string, Cell>();
  readonly #memo = new Memo();

  constructor(options: LifecycleOptions) {
    this.#options = options;
    this.#roles = new Map(options.roles.map((role) => [role.name, role]));
  }

  cellAt(path: string): Cell | undefined {
    return this.#cells.get(path);
  }

  /** All actors that live, in the order in which they were started. */
  cells(): IterableIterator<Cell> {
    return this.#cells.values();
  }

  /** Starts an actor. Throws what its `init` threw, or InvariantError when the path is taken or the role unknown. */
  start(spec: ActorSpec): void {
    assertPath(spec.path);
    assert(!this.#cells.has(spec.path), 'actor path is taken', { path: spec.path });
    this.#launch({ ...spec, args: throughCodec(spec.args) }, new FaultRecord(spec.supervision ?? restartByDefault));
    if (spec.parent !== undefined) this.#cells.get(spec.parent)?.children.add(spec.path);
  }

  /** Gives an actor other args: it is told, and a life after this one begins with them. Unknown paths are ignored. */
  reconfigure(path: string, args: unknown): void {
    const cell = this.#cells.get(path) ?? this.#failed.get(path);
    if (cell === undefined) return;
    cell.spec = { ...cell.spec, args: throughCodec(args) };
    this.#options.kernel.deliver(cell, { type: 'reconfigured', args: throughCodec(args) });
  }

  /** Asks an actor to finish; it is ended after a grace if it does not. Unknown paths are ignored. */
  stop(path: string): void {
    const cell = this.#cells.get(path);
    if (cell === undefined) return;
    const { kernel } = this.#options;
    kernel.deliver(cell, { type: 'stop' });
    kernel.after(stopGraceMs, () => {
      if (this.#cells.get(path) === cell) this.end(cell, 'stopped');
    });
  }

  /** Ends an actor: everybody who deals with it learns it, and its ports close. */
  end(cell: Cell, reason: EndReason): void {
    if (cell.status === 'ended') return;
    const { asks, streams, watches, report } = this.#options;
    cell.status = 'ended';
    this.#cells.delete(cell.self.path);
    for (const child of cell.children) {
      const childCell = this.#cells.get(child);
      if (childCell !== undefined) this.end(childCell, 'parentEnded');
    }
    for (const port of cell.ports.values()) port.close();
    for (const timer of cell.timers.values()) timer.cancel();
    asks.actorGone(cell);
    streams.actorGone(cell);
    watches.actorGone(cell);
    watches.statusChanged(cell.self.path, cell.self.incarnation, 'terminated');
    for (let queued = cell.mailbox.shift(); queued !== undefined; queued = cell.mailbox.shift()) {
      if (queued.link !== null) noteConsumed(queued.link, queued.bytes);
    }
    report({ type: 'ended', ...cell.self, reason });
  }

  /** Ends an actor that threw, and lets its supervision decide what follows. */
  fail(cell: Cell, phase: ActorFault['phase'], inputType: string, error: unknown): void {
    if (cell.status === 'ended') return;
    this.end(cell, 'failed');
    this.#supervise(cell, phase, inputType, error);
  }

  #launch(spec: ActorSpec, faults: FaultRecord): void {
    const { kernel, clusterSeed, watches, report, wake } = this.#options;
    const { path, incarnation } = spec;
    const role = must(this.#roles.get(spec.role), `unknown role ${spec.role}`);
    const context: ActorContext = {
      ...kernel.stamp,
      self: { path, incarnation },
      random: new Random(clusterSeed, path, incarnation),
      memo: this.#memo,
    };
    const cell = new Cell(spec, role, context, faults);
    cell.state = role.behaviour.init(spec.args, context);
    this.#cells.set(path, cell);
    for (const [port, open] of Object.entries(role.ports ?? {})) {
      let isOpen = true;
      const emit = (event: unknown): void => {
        if (!isOpen) return;
        kernel.deliver(cell, { type: 'io', port, event });
        wake();
      };
      const opened = open(emit, cell.self, spec.args);
      const close = (): void => {
        isOpen = false;
        opened.close();
      };
      cell.ports.set(port, { handle: (command) => opened.handle(command), close });
    }
    kernel.deliver(cell, { type: 'started' });
    watches.statusChanged(path, incarnation, 'running');
    report({ type: 'started', path, incarnation });
  }

  #supervise(cell: Cell, phase: ActorFault['phase'], inputType: string, error: unknown): void {
    const { kernel, report } = this.#options;
    const decision = cell.faults.decide(kernel.stamp.monotonicMs, cell.context.random);
    const fault: ActorFault = {
      ...cell.self,
      phase,
      inputType,
      error: describeError(error),
      recent: cell.faults.recent,
      decision: decision.type,
    };
    report({ type: 'fault', fault });
    if (decision.type === 'restart') {
      this.#failed.set(cell.self.path, cell);
      kernel.after(decision.afterMs, () => this.#restart(cell));
    }
    if (decision.type !== 'escalate') return;
    const parent = cell.spec.parent === undefined ? undefined : this.#cells.get(cell.spec.parent);
    if (parent === undefined) report({ type: 'escalated', path: cell.self.path });
    else this.fail(parent, 'step', 'escalated', error);
  }

  #restart(cell: Cell): void {
    const { parent, path } = cell.spec;
    this.#failed.delete(path);
    const parentCell = parent === undefined ? undefined : this.#cells.get(parent);
    if (this.#cells.has(path) || (parent !== undefined && parentCell === undefined)) return;
    const spec = { ...cell.spec, incarnation: cell.self.incarnation + 1 };
    try {
      this.#launch(spec, cell.faults);
      parentCell?.children.add(path);
    } catch (error) {
      this.#cells.delete(path);
      this.#supervise(new Cell(spec, cell.role, cell.context, cell.faults), 'init', 'init', error);
    }
  }
}

function describeError(error: unknown): ActorFault['error'] {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: '' };
  return { name: error.name, message: error.message, stack: error.stack ?? '' };
}
