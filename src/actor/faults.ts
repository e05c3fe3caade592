/**
 * The one place where a link between two actors is disturbed. A rule names two ends and one direction; what it does is decided here, from a
 * seeded Random, and carried out by the sending host. Without rules the check is one comparison.
 */
import type { Random } from '../base/random.ts';
import { isWithin, memberOf } from './address.ts';

export interface FaultRule {
  /** A member or a path; `*` for every member. */
  readonly from: string;
  readonly to: string;
  /** Probability of loss, 0 to 1. 1 is a one-way partition. */
  readonly drop?: number;
  readonly delayMinMs?: number;
  readonly delayMaxMs?: number;
  /** Probability that a tell arrives twice. */
  readonly duplicate?: number;
  /** Probability that a tell may overtake or fall behind others. */
  readonly reorder?: number;
}

export interface Disturbance {
  readonly copies: 0 | 1 | 2;
  readonly delayMs: number;
  /** False: later messages of the same pair wait behind this one. */
  readonly reorder: boolean;
}

/** A reordered message is late by up to this much, so that others can overtake it. */
const reorderDelayMaxMs = 10;

const undisturbed: Disturbance = { copies: 1, delayMs: 0, reorder: false };
const dropped: Disturbance = { copies: 0, delayMs: 0, reorder: false };

/** Decides the fate of each message that leaves a host. */
export class FaultPlane {
  readonly #random: Random;
  #rules: readonly FaultRule[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  get rules(): readonly FaultRule[] {
    return this.#rules;
  }

  setRules(rules: readonly FaultRule[]): void {
    this.#rules = rules;
  }

  /** Decides about one message. `datagram`: a tell, which may also be duplicated and reordered. */
  judge(from: string, to: string, datagram: boolean): Disturbance {
    if (this.#rules.length === 0) return undisturbed;
    let delayMs = 0;
    let copies: 1 | 2 = 1;
    let reorder = false;
    for (const rule of this.#rules) {
      if (!applies(rule, from, to)) continue;
      if (rule.drop !== undefined && this.#random.chance(rule.drop)) return dropped;
      delayMs += this.#delay(rule);
      if (!datagram) continue;
      if (rule.duplicate !== undefined && this.#random.chance(rule.duplicate)) copies = 2;
      if (rule.reorder !== undefined && this.#random.chance(rule.reorder)) {
        reorder = true;
        delayMs += reorderDelayMaxMs * this.#random.fraction();
      }
    }
    return delayMs === 0 && copies === 1 && !reorder ? undisturbed : { copies, delayMs, reorder };
  }

  /** Tells whether nothing at all gets from one end to the other. */
  isCut(from: string, to: string): boolean {
    return this.#rules.some((rule) => rule.drop === 1 && applies(rule, from, to));
  }

  #delay(rule: FaultRule): number {
    const minMs = rule.delayMinMs ?? 0;
    const maxMs = rule.delayMaxMs ?? minMs;
    return maxMs === 0 ? 0 : minMs + (maxMs - minMs) * this.#random.fraction();
  }
}

function applies(rule: FaultRule, from: string, to: string): boolean {
  if (memberOf(from) === memberOf(to)) return false;
  return (rule.from === '*' || isWithin(from, rule.from)) && (rule.to === '*' || isWithin(to, rule.to));
}
