/**
 * Names from a base, as the API server generates them for generateName. A reconciler that chooses the name itself can speak of the object in
 * events, and a creation that is repeated after a lost answer fails with AlreadyExists instead of making a second object.
 * Models kubernetes apiserver pkg/storage/names/generate.go.
 */
import type { Random } from '../base/random.ts';

/** Without vowels and look-alikes, so that no words appear. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const baseLengthMax = 63 - suffixLength;

export function generatedName(base: string, random: Random): string {
  return base.slice(0, baseLengthMax) + random.text(suffixLength, suffixAlphabet);
}

/** Spells a number with the same alphabet: hashes in names. */
export function safeEncoded(text: string): string {
  let result = '';
  for (let index = 0; index < text.length; index += 1) {
    result += suffixAlphabet[text.charCodeAt(index) % suffixAlphabet.length] as string;
  }
  return result;
}
