/** What finding out about a volume can lead to, and what it is found out from. */
import type { Pod } from '../kinds/pod/types.ts';
import type { VolumeContent } from '../protocol/runtime.ts';
import type { PodPlace } from './downward.ts';
import type { ObjectSource } from './object-shelf.ts';

export type VolumeVerdict =
  /** `attachment`: the name under which the node has to show it as attached; empty: it need not. */
  { readonly type: 'found'; readonly content: VolumeContent; readonly attachment: string } | NoVolume;

export type NoVolume =
  /** What it needs is not known yet; that is nobody's fault. */
  | { readonly type: 'waiting' }
  /** `isOfClaim`: the claim is at fault, not the volume. */
  | { readonly type: 'missing'; readonly message: string; readonly isOfClaim: boolean };

/** A service account token that a volume projects. */
export interface TokenDemand {
  readonly namespace: string;
  readonly account: string;
  readonly pod: { readonly name: string; readonly uid: string };
  /** Empty: the API server's. */
  readonly audience: string;
  readonly expirationSeconds: number;
}

export type TokenVerdict =
  | { readonly type: 'found'; readonly token: string }
  | { readonly type: 'waiting' }
  | { readonly type: 'missing'; readonly message: string };

export interface VolumeSources {
  readonly pod: Pod;
  readonly place: PodPlace;
  readonly objects: ObjectSource;
  token(audience: string, expirationSeconds: number): TokenVerdict;
}

export const waiting = { type: 'waiting' } as const;

export function missing(message: string, isOfClaim = false): NoVolume {
  return { type: 'missing', message, isOfClaim };
}

export function held(content: VolumeContent, attachment = ''): VolumeVerdict {
  return { type: 'found', content, attachment };
}
