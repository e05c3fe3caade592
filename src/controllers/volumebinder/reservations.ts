/**
 * Which volumes are being written for which claims. Claims that are looked at in one turn would otherwise all choose the same smallest volume,
 * and all but one would be refused. An aid only: what keeps a volume for one claim is the version that is written.
 */

interface Reservation {
  readonly volume: string;
  readonly resourceVersion: string;
}

export class Reservations {
  readonly #byClaim = new Map<string, Reservation>();
  readonly #byVolume = new Map<string, string>();

  /** Gives a volume, in the version that was seen, to a claim, and up what the claim had. */
  reserve(claim: string, volume: string, resourceVersion: string): void {
    this.release(claim);
    const former = this.#byVolume.get(volume);
    if (former !== undefined) this.#byClaim.delete(former);
    this.#byClaim.set(claim, { volume, resourceVersion });
    this.#byVolume.set(volume, claim);
  }

  release(claim: string): void {
    const held = this.#byClaim.get(claim);
    if (held === undefined) return;
    this.#byClaim.delete(claim);
    this.#byVolume.delete(held.volume);
  }

  /** Returns for whom the volume is, as long as nothing has become of it; undefined when it is free. */
  holderOf(volume: string, resourceVersion: string): string | undefined {
    const claim = this.#byVolume.get(volume);
    if (claim === undefined) return undefined;
    return this.#byClaim.get(claim)?.resourceVersion === resourceVersion ? claim : undefined;
  }
}
