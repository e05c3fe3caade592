/**
 * The Crypto port of simulation: a checksum of key and bytes stands in for a signature, so that a seed gives the same tokens again.
 * Whoever knows the key's name can forge one.
 */
import type { Address } from '../actor/address.ts';
import type { CryptoArgs, CryptoCommand, CryptoEvent, TokenKey } from '../actor/crypto-port.ts';
import type { Port } from '../actor/ports.ts';
import { concatBytes, equalBytes, utf8 } from '../base/bytes.ts';
import { RunningHash } from '../base/hash.ts';

export const simulatedTokenKey: TokenKey = { id: 'simulated', privateKey: 'simulated', x: '', y: '' };

/** Opens the port; `args` must be CryptoArgs. */
export function openSimulatedCrypto(emit: (event: unknown) => void, _self: Address, args: unknown): Port {
  const key = utf8((args as CryptoArgs).tokenKey.privateKey);
  return {
    handle: (command) => emit(answer(key, command as CryptoCommand)),
    close: () => {},
  };
}

function answer(key: Uint8Array, command: CryptoCommand): CryptoEvent {
  const signature = checksum(key, command.bytes);
  if (command.type === 'sign') return { type: 'signed', id: command.id, signature };
  return { type: 'verified', id: command.id, isValid: equalBytes(signature, command.signature) };
}

function checksum(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  const hash = new RunningHash();
  hash.addBytes(concatBytes([key, bytes]));
  return utf8(hash.digest());
}
