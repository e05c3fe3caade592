/** Unique ids of objects: random UUIDs, RFC 9562 version 4, drawn from the actor's seed, since nobody's safety rests on them. */
import type { Random } from '../base/random.ts';

export function newUid(random: Random): string {
  const hex = [0, 0, 0, 0].map(() => random.uint32().toString(16).padStart(8, '0')).join('');
  const variant = '89ab'[random.integer(0, 3)] as string;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
