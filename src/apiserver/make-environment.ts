/** Builds what the handlers of one API server share. */
import type { Stamp } from '../actor/input.ts';
import type { Random } from '../base/random.ts';
import { ColumnTable } from '../kinds/columns/table.ts';
import { builtInRegistry } from '../kinds/registry.ts';
import { builtInSchemas } from '../kinds/schema.ts';
import { Catalog } from './catalog.ts';
import { DescriptionShelf } from './description-shelf.ts';
import type { Environment } from './environment.ts';
import { EventLease } from './event-lease.ts';
import { UsageRounds } from './metrics/usage.ts';
import { Rights } from './rbac/rights.ts';
import { ReadBarrier } from './read-barrier.ts';
import { ReplicaChoice } from './replica-choice.ts';
import { ServedShapes } from './served-shapes.ts';
import type { ApiServerSettings } from './settings.ts';
import { VerifiedTokens } from './tokens/authenticate-token.ts';
import { Signatures } from './tokens/signatures.ts';
import { WatchCache } from './watch-cache.ts';

export function makeEnvironment(settings: ApiServerSettings, random: Random, stamp: Stamp): Environment {
  const catalog = new Catalog(builtInRegistry());
  const cache = new WatchCache(catalog);
  return {
    settings,
    catalog,
    schemas: builtInSchemas,
    shapes: new ServedShapes(catalog, builtInSchemas),
    columns: new ColumnTable(),
    cache,
    barrier: new ReadBarrier(),
    replicas: new ReplicaChoice(settings.replicas),
    rights: new Rights(cache, catalog),
    signatures: new Signatures(),
    verifiedTokens: new VerifiedTokens(),
    random,
    isBootstrapped: false,
    hasRights: false,
    rightsRevision: 0,
    eventLease: new EventLease(),
    usage: new UsageRounds(),
    definitionWriteAtMs: Number.NEGATIVE_INFINITY,
    shelf: new DescriptionShelf(),
    stamp,
  };
}
