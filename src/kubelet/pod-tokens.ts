/**
 * The service account tokens of one pod: asked for when a volume wants one, kept while they are good, asked for anew after 80 % of their life.
 * Models kubernetes pkg/kubelet/token/token_manager.go.
 */
import { nameOf, namespaceOf } from '../api/object-meta.ts';
import type { MonotonicMs } from '../base/brand.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { Turn } from './turn.ts';
import type { TokenVerdict } from './volume-verdict.ts';

/** Share of its life after which a token is renewed, and the longest that one is kept. */
const renewedShare = 0.8;
const keptMaxMs = 24 * 3_600_000;

interface Held {
  token: string | null;
  renewAtMs: number;
  isAsked: boolean;
  complaint: string;
  retryAtMs: number;
}

export class PodTokens {
  readonly #held = new Map<string, Held>();
  readonly #retryMs: number;

  constructor(retryMs: number) {
    this.#retryMs = retryMs;
  }

  /** Returns the token for an audience, and asks for one when there is none or it is old. `onChange` runs when there is news. */
  find(pod: Pod, audience: string, expirationSeconds: number, turn: Turn, onChange: () => void): TokenVerdict {
    const key = `${expirationSeconds}/${audience}`;
    const held = this.#held.get(key) ?? { token: null, renewAtMs: 0, isAsked: false, complaint: '', retryAtMs: 0 };
    this.#held.set(key, held);
    if (!held.isAsked && turn.nowMs >= Math.max(held.renewAtMs, held.retryAtMs)) {
      this.#ask(held, pod, audience, expirationSeconds, turn, onChange);
    }
    if (!held.isAsked) turn.wakeAt(Math.max(held.renewAtMs, held.retryAtMs));
    if (held.token !== null) return { type: 'found', token: held.token };
    return held.complaint === '' ? { type: 'waiting' } : { type: 'missing', message: held.complaint };
  }

  /** When a token has to be renewed, or asked for again; infinite when an answer is awaited. */
  nextAtMs(): number {
    const times = [...this.#held.values()].map(({ isAsked, renewAtMs, retryAtMs }) =>
      isAsked ? Number.POSITIVE_INFINITY : Math.max(renewAtMs, retryAtMs),
    );
    return Math.min(Number.POSITIVE_INFINITY, ...times);
  }

  #ask(held: Held, pod: Pod, audience: string, expirationSeconds: number, turn: Turn, onChange: () => void): void {
    held.isAsked = true;
    const account = pod.spec.serviceAccountName ?? 'default';
    const demand = {
      namespace: namespaceOf(pod),
      account,
      pod: { name: nameOf(pod), uid: pod.metadata.uid ?? '' },
      audience,
      expirationSeconds,
    };
    turn.askToken(demand, (answer, later) => {
      held.isAsked = false;
      if (answer.type === 'issued') {
        held.token = answer.token;
        held.complaint = '';
        held.renewAtMs = renewalOf(answer.lifetimeMs, later.nowMs);
      } else {
        const why = answer.type === 'refused' ? answer.message : 'the API server did not answer';
        held.complaint = `failed to fetch token: ${why}`;
        held.retryAtMs = later.nowMs + this.#retryMs;
      }
      onChange();
    });
  }
}

function renewalOf(lifetimeMs: number, nowMs: MonotonicMs): number {
  return nowMs + Math.min(keptMaxMs, lifetimeMs * renewedShare);
}
