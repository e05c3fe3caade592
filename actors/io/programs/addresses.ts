/** Which addresses programs can have on this machine. */
import { networkInterfaces } from 'node:os';

const own = '127.0.0.1';

/** Returns the address that stands for a pod's: its own if the machine has it, as Linux has all of 127.0.0.0/8, else the machine's. */
export function boundAddress(address: string | null): string {
  if (address === null) return own;
  if (process.platform === 'linux' && address.startsWith('127.')) return address;
  const known = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return known.some((found) => found.address === address) ? address : own;
}
