/** The Crypto port on node:crypto. A signature takes a tenth of a millisecond, so it is made at once, on the actor's own thread. */
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { Address } from '../../src/actor/address.ts';
import type { CryptoArgs, CryptoCommand, CryptoEvent } from '../../src/actor/crypto-port.ts';
import type { Port } from '../../src/actor/ports.ts';

const dsaEncoding = 'ieee-p1363';

/** Opens the port; `args` must be CryptoArgs. */
export function openTokenCrypto(emit: (event: unknown) => void, _self: Address, args: unknown): Port {
  const privateKey = createPrivateKey((args as CryptoArgs).tokenKey.privateKey);
  const publicKey = createPublicKey(privateKey);
  const answer = (command: CryptoCommand): CryptoEvent => {
    const { id, bytes } = command;
    if (command.type === 'sign') {
      return { type: 'signed', id, signature: sign('sha256', bytes, { key: privateKey, dsaEncoding }) };
    }
    const isValid = verify('sha256', bytes, { key: publicKey, dsaEncoding }, command.signature);
    return { type: 'verified', id, isValid };
  };
  return { handle: (command) => emit(answer(command as CryptoCommand)), close: () => {} };
}
