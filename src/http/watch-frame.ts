/** The frames of a watch: one JSON document a line, `{"type":"ADDED","object":{…}}`. */
import { concatBytes, utf8 } from '../base/bytes.ts';

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

const heads: Readonly<Record<WatchEventType, Uint8Array>> = {
  ADDED: headOf('ADDED'),
  MODIFIED: headOf('MODIFIED'),
  DELETED: headOf('DELETED'),
  BOOKMARK: headOf('BOOKMARK'),
  ERROR: headOf('ERROR'),
};
const tail = utf8('}\n');

/** Wraps an object that is already JSON, and holds no line break, into one frame. */
export function watchFrame(type: WatchEventType, object: Uint8Array): Uint8Array {
  return concatBytes([heads[type], object, tail]);
}

function headOf(type: string): Uint8Array {
  return utf8(`{"type":"${type}","object":`);
}
