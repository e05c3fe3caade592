/** What a host knows of one actor that runs on it. Only the host and its tables touch a cell. */

import { RingBuffer } from '../base/ring-buffer.ts';
import type { CancelTimer } from '../base/timer-queue.ts';
import type { Address } from './address.ts';
import type { ActorContext, AnyRole } from './behaviour.ts';
import type { LogLevel } from './effect.ts';
import { logEntriesKept } from './limits.ts';
import { Mailbox } from './mailbox.ts';
import type { Port } from './ports.ts';
import type { FaultRecord, Supervision } from './supervision.ts';

/** What is needed to start an actor, and to start it again. */
export interface ActorSpec {
  readonly path: string;
  readonly role: string;
  /** Plain data; the actor gets a copy of its own. */
  readonly args: unknown;
  /** The first incarnation on this host; the next one is higher. */
  readonly incarnation: number;
  readonly supervision?: Supervision;
  /** The actor that spawned this one, if that one runs on this host. */
  readonly parent?: string;
}

export interface LogEntry {
  readonly wallMs: number;
  readonly actor: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class Cell {
  /** Its args change when the actor is reconfigured. */
  spec: ActorSpec;
  readonly role: AnyRole;
  readonly self: Address;
  readonly context: ActorContext;
  readonly mailbox = new Mailbox();
  readonly faults: FaultRecord;
  readonly ports = new Map<string, Port>();
  /** `hasFired`: its input waits in the mailbox, and is void if the timer is cancelled or set again meanwhile. */
  readonly timers = new Map<string, { readonly cancel: CancelTimer; hasFired: boolean }>();
  /** Outstanding asks of this actor: its own number to the host's. */
  readonly asks = new Map<number, number>();
  readonly subscriptions = new Map<number, number>();
  readonly requests = new Set<number>();
  readonly streams = new Set<number>();
  readonly watching = new Set<string>();
  readonly children = new Set<string>();
  readonly log = new RingBuffer<LogEntry>(logEntriesKept);
  state: unknown = undefined;
  status: 'running' | 'suspended' | 'ended' = 'running';
  isRunnable = false;
  isTouched = false;
  inputs = 0;

  constructor(spec: ActorSpec, role: AnyRole, context: ActorContext, faults: FaultRecord) {
    this.spec = spec;
    this.role = role;
    this.context = context;
    this.self = context.self;
    this.faults = faults;
  }
}
