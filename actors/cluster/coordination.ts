/**
 * Locks and elections for user code, on store leases. Holding one is proven by its fence, never by believing in it: put `fence` as a compare
 * into every transaction that must not happen after the office is lost (dissertation of many outages; Jepsen etcd 3.4.3).
 */
import { filter, firstValueFrom, type Observable, Subject } from 'rxjs';
import { utf8 } from '../../src/base/bytes.ts';
import { singleKey } from '../../src/mvcc/key-range.ts';
import type { LeaseId } from '../../src/mvcc/key-value.ts';
import type { Transaction } from '../../src/mvcc/transaction.ts';
import { campaign, type Fence, readCampaign, resign } from '../../src/store/recipes/election.ts';
import { enqueue, inspect, readQueue, release } from '../../src/store/recipes/lock.ts';
import type { Fabric } from './fabric.ts';
import { type StoreClient, StoreRequestError } from './store-client.ts';

export interface Held extends AsyncDisposable {
  /** Key and create revision that prove the holding. */
  readonly fence: Fence;
  /** Emits once when the lease could not be kept: from then on somebody else may hold it. Then completes. */
  readonly lost$: Observable<void>;
  release(): Promise<void>;
}

export interface CoordinationOptions {
  /** How long the holding outlives a holder that fell silent. At least 1. */
  readonly ttlSeconds?: number;
}

const ttlSecondsDefault = 5;

/** Waits for the fair lock `name` and holds it until it is released or its lease is lost. */
export async function acquireLock(
  store: StoreClient,
  fabric: Fabric,
  name: string,
  options: CoordinationOptions = {},
): Promise<Held> {
  const prefix = `lock/${name}`;
  const lease = await keptLease(store, fabric, options.ttlSeconds ?? ttlSecondsDefault);
  let { results } = await store.transaction(enqueue(prefix, lease.id));
  for (;;) {
    const outcome = readQueue(prefix, lease.id, results);
    if (outcome.type === 'held') return held(store, lease, outcome.fence, release(prefix, lease.id));
    if (outcome.type === 'lost') {
      await lease.end();
      throw new StoreRequestError({
        code: 'leaseNotFound',
        definite: true,
        message: `the lease ended while waiting for ${name}`,
      });
    }
    await fabric.drive(deletionOf(store, outcome.behind.key));
    ({ results } = await store.transaction(inspect(prefix)));
  }
}

/** Stands for the office `name` under a name for others to see; resolves when it is won. */
export async function winElection(
  store: StoreClient,
  fabric: Fabric,
  name: string,
  candidate: string,
  options: CoordinationOptions = {},
): Promise<Held> {
  const key = `election/${name}`;
  const lease = await keptLease(store, fabric, options.ttlSeconds ?? ttlSecondsDefault);
  for (;;) {
    const result = await store.transaction(campaign(key, utf8(candidate), lease.id));
    const outcome = readCampaign(key, lease.id, result);
    if (outcome.type === 'held') return held(store, lease, outcome.fence, resign(outcome.fence));
    await fabric.drive(deletionOf(store, key));
  }
}

interface KeptLease {
  readonly id: LeaseId;
  readonly lost$: Subject<void>;
  end(): Promise<void>;
}

/** Grants a lease and keeps it alive until it is ended or lost. */
async function keptLease(store: StoreClient, fabric: Fabric, ttlSeconds: number): Promise<KeptLease> {
  const id = await store.grantLease(ttlSeconds);
  const lost$ = new Subject<void>();
  let keptAtMs = fabric.monotonicMs();
  let isOver = false;
  const over = (): void => {
    isOver = true;
    lost$.next();
    lost$.complete();
  };
  const keep = async (): Promise<void> => {
    if (isOver) return;
    const askedAtMs = fabric.monotonicMs();
    try {
      await store.keepLease(id, { timeoutMs: ttlSeconds * 500 });
      keptAtMs = askedAtMs;
    } catch (error) {
      if (!(error instanceof StoreRequestError)) throw error;
      if (error.code === 'leaseNotFound' || fabric.monotonicMs() - keptAtMs >= ttlSeconds * 1_000) over();
    }
    if (!isOver) cancel = fabric.after((ttlSeconds * 1_000) / 3, () => void keep());
  };
  let cancel = fabric.after((ttlSeconds * 1_000) / 3, () => void keep());
  const end = async (): Promise<void> => {
    isOver = true;
    cancel();
    lost$.complete();
    await store.revokeLease(id).catch(() => {});
  };
  return { id, lost$, end };
}

function held(store: StoreClient, lease: KeptLease, fence: Fence, giveUp: Transaction): Held {
  const releaseOnce = async (): Promise<void> => {
    await store.transaction(giveUp);
    await lease.end();
  };
  return { fence, lost$: lease.lost$.asObservable(), release: releaseOnce, [Symbol.asyncDispose]: releaseOnce };
}

/** Resolves when the key is gone, or may be: a replica's death counts, since the caller looks again anyway. */
async function deletionOf(store: StoreClient, key: string): Promise<void> {
  const current = await store.get(key);
  if (current === undefined) return;
  const deletions = store.watch(singleKey(key), current.modRevision + 1).pipe(filter(({ type }) => type === 'delete'));
  await firstValueFrom(deletions).catch(() => {});
}
