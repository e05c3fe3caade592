/** What every handler of an API server may use. One per actor; the behaviour moves `stamp` with each input. */
import type { Stamp } from '../actor/input.ts';
import type { Random } from '../base/random.ts';
import type { ColumnTable } from '../kinds/columns/table.ts';
import type { Schemas } from '../kinds/schema.ts';
import type { KindShapes } from '../kinds/type-shape.ts';
import type { Catalog } from './catalog.ts';
import type { DescriptionShelf } from './description-shelf.ts';
import type { EventLease } from './event-lease.ts';
import type { UsageRounds } from './metrics/usage.ts';
import type { Rights } from './rbac/rights.ts';
import type { ReadBarrier } from './read-barrier.ts';
import type { ReplicaChoice } from './replica-choice.ts';
import type { ApiServerSettings } from './settings.ts';
import type { VerifiedTokens } from './tokens/authenticate-token.ts';
import type { Signatures } from './tokens/signatures.ts';
import type { WatchCache } from './watch-cache.ts';

export interface Environment {
  readonly settings: ApiServerSettings;
  readonly catalog: Catalog;
  readonly schemas: Schemas;
  /** Of the same kinds, for field ownership. */
  readonly shapes: KindShapes;
  readonly columns: ColumnTable;
  readonly cache: WatchCache;
  readonly barrier: ReadBarrier;
  readonly replicas: ReplicaChoice;
  readonly rights: Rights;
  readonly signatures: Signatures;
  readonly verifiedTokens: VerifiedTokens;
  readonly random: Random;
  /** The objects that every cluster has are there. */
  isBootstrapped: boolean;
  /** The default roles are there: the cache shows them from `rightsRevision` on. */
  hasRights: boolean;
  rightsRevision: number;
  readonly eventLease: EventLease;
  /** What nodes and pods use. */
  readonly usage: UsageRounds;
  /** When this API server last began to handle a write of a CustomResourceDefinition. */
  definitionWriteAtMs: number;
  /** What is said of kinds and fields; taken down when somebody asks for an OpenAPI document. */
  readonly shelf: DescriptionShelf;
  /** The time of the input that is being handled. */
  stamp: Stamp;
}
