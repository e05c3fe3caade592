/**
 * What an API server does about definitions of its own accord: it writes their status, and empties and lets go those that are to be deleted.
 * Every API server may do it at any time: a status follows from the definitions alone and is committed only if none of them has changed
 * since, and a definition is let go only by a transaction that sees that none of its objects is left. See docs/adr/0009.
 * Models apiextensions-apiserver pkg/controller/{status,establish,finalizer} and pkg/registry/customresourcedefinition/etcd.go Delete.
 */
import type { Flow } from '../actor/flow.ts';
import type { Mutable } from '../api/json.ts';
import { type AnyObject, finalizersOf, hasFinalizer, isBeingDeleted, type ObjectMeta } from '../api/object-meta.ts';
import type { DeleteOptions } from '../api/request.ts';
import { isConflict, isNotFound } from '../api/status-errors.ts';
import { timestampSeconds } from '../base/time.ts';
import { type Condition, findCondition } from '../kinds/condition.ts';
import { decidedStatus } from '../kinds/customresourcedefinition/status.ts';
import {
  type CustomResourceDefinition,
  cleanupFinalizer,
  type DefinitionStatus,
} from '../kinds/customresourcedefinition/types.ts';
import { prefixRange } from '../mvcc/key-range.ts';
import type { Compare } from '../mvcc/transaction.ts';
import type { CacheEntry } from './cache-entry.ts';
import type { ServedResource } from './catalog.ts';
import { change, type Decide, type Target } from './change.ts';
import type { CustomResources } from './custom-resources.ts';
import { setTerminating } from './definition-termination.ts';
import { deleteObject } from './delete.ts';
import type { Environment } from './environment.ts';
import { awaitBarrier } from './read-barrier.ts';
import { settled } from './update.ts';

type Step = 'deleting' | 'done';

const reasons: Readonly<Record<Step, Pick<Condition, 'status' | 'reason' | 'message'>>> = {
  deleting: {
    status: 'True',
    reason: 'InstanceDeletionInProgress',
    message: 'CustomResource deletion is in progress',
  },
  done: { status: 'False', reason: 'InstanceDeletionCompleted', message: 'removed all instances' },
};
const background: DeleteOptions = {
  isDryRun: false,
  gracePeriodSeconds: undefined,
  propagationPolicy: undefined,
  preconditions: {},
};

/** Tells what is to be done about a definition. */
export function dueWork(environment: Environment, { definition }: CustomResources): 'none' | 'status' | 'cleanup' {
  if (isBeingDeleted(definition)) return hasFinalizer(definition, cleanupFinalizer) ? 'cleanup' : 'none';
  return statusOf(environment, definition) === definition.status ? 'none' : 'status';
}

/** Writes the status that follows from all definitions as they are now. Always done with it. */
export function* establish(environment: Environment, name: string): Flow<boolean> {
  const { prefix } = environment.catalog.definitions;
  const guards = (): readonly Compare[] => [
    { type: 'modRevision', range: prefixRange(prefix), operator: '<', operand: environment.cache.revision + 1 },
  ];
  yield* changeDefinition(environment, name, guards, (current) => {
    const definition = current.decode() as unknown as CustomResourceDefinition;
    if (isBeingDeleted(definition)) return { type: 'keep' };
    const status = statusOf(environment, definition);
    if (status === definition.status) return { type: 'keep' };
    return { type: 'write', object: { ...definition, status } as unknown as AnyObject };
  });
  return true;
}

/** Deletes the objects of a definition; when none is left, lets the definition go. Returns whether it has gone. */
export function* cleanUp(environment: Environment, name: string): Flow<boolean> {
  yield* changeDefinition(environment, name, undefined, (current) => {
    const definition = current.decode() as unknown as CustomResourceDefinition;
    const { conditions } = definition.status ?? {};
    const isKnown = findCondition(conditions, 'Terminating')?.reason === reasons.deleting.reason;
    if (isKnown || !hasFinalizer(definition, cleanupFinalizer)) return { type: 'keep' };
    setTerminating(definition, environment.stamp.wallMs, reasons.deleting);
    return { type: 'write', object: definition as unknown as AnyObject };
  });
  const custom = environment.catalog.custom(name);
  if (custom === undefined) return true;
  yield* deleteAll(environment, custom.all);
  const { stored } = custom;
  // The cache has to show what was deleted just now.
  yield* awaitBarrier(environment);
  if (environment.cache.count(stored) > 0) return false;
  const guards = (): readonly Compare[] => [
    { type: 'createRevision', range: prefixRange(stored.prefix), operator: '=', operand: 0 },
  ];
  yield* changeDefinition(environment, name, guards, (current) => {
    const definition = current.decode() as unknown as CustomResourceDefinition;
    const isEmpty = environment.cache.count(stored) === 0;
    if (!isEmpty || !hasFinalizer(definition, cleanupFinalizer)) return { type: 'keep' };
    const metadata = definition.metadata as Mutable<ObjectMeta>;
    metadata.finalizers = finalizersOf(definition).filter((each) => each !== cleanupFinalizer);
    setTerminating(definition, environment.stamp.wallMs, reasons.done);
    return settled(definition as unknown as AnyObject);
  });
  return environment.cache.count(stored) === 0;
}

function* deleteAll(environment: Environment, served: ServedResource): Flow<void> {
  const entries: CacheEntry[] = [];
  environment.cache.scanAll(served.stored, (entry) => {
    entries.push(entry);
    return true;
  });
  for (const entry of entries) {
    const { namespace, name } = entry;
    // What is marked already only waits for its finalizers.
    if (isBeingDeleted(entry.object)) continue;
    const target: Target = { served, namespace, name, fence: null, isDryRun: false };
    try {
      yield* deleteObject(environment, target, background);
    } catch (error: unknown) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}

function* changeDefinition(
  environment: Environment,
  name: string,
  guards: (() => readonly Compare[]) | undefined,
  decide: Decide,
): Flow<void> {
  const { definitions } = environment.catalog;
  const served = { ...definitions, stored: definitions, isConverted: false, custom: null };
  const target: Target = {
    served,
    namespace: '',
    name,
    fence: null,
    isDryRun: false,
    ...(guards === undefined ? {} : { guards }),
  };
  try {
    yield* change(environment, target, decide);
  } catch (error: unknown) {
    // Somebody else was quicker.
    if (!isNotFound(error)) throw error;
  }
}

function statusOf({ catalog, stamp }: Environment, definition: CustomResourceDefinition): DefinitionStatus {
  const others = [...catalog.customs()].map((custom) => custom.definition);
  return decidedStatus(definition, others, timestampSeconds(stamp.wallMs));
}
