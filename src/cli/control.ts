/**
 * What the command asks of a running cluster, through its control address: one JSON object each, answered with one. The address is for
 * the cluster's own user alone, but what arrives there is checked like anything that arrives from outside.
 */

/** What is done to a member or a part of one. */
export type MemberAction = 'kill' | 'pause' | 'resume' | 'restart';

export type ControlCommand =
  | { readonly type: 'status' }
  | { readonly type: Exclude<MemberAction, 'pause'>; readonly member: string }
  /** `forMs` null: until it is resumed. */
  | { readonly type: 'pause'; readonly member: string; readonly forMs: number | null }
  | { readonly type: 'partition'; readonly groups: readonly (readonly string[])[] }
  | { readonly type: 'heal' }
  /** Answered with the name of the master, as `member`. */
  | { readonly type: 'addMaster' }
  | { readonly type: 'removeMaster'; readonly member: string }
  | { readonly type: 'stop' };

export type ParsedControlCommand =
  | { readonly type: 'command'; readonly command: ControlCommand }
  | { readonly type: 'malformed'; readonly message: string };

/** Where a cluster takes such commands. */
export const controlPath = '/control';
/** Bytes. */
export const controlBodyMax = 64 * 1024;

/** Reads the body of a request. */
export function parseControlCommand(text: string): ParsedControlCommand {
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch {
    return malformed('expected a JSON object');
  }
  if (typeof tree !== 'object' || tree === null) return malformed('expected a JSON object');
  const { type, member, forMs = null, groups } = tree as Record<string, unknown>;
  switch (type) {
    case 'status':
    case 'heal':
    case 'addMaster':
    case 'stop':
      return { type: 'command', command: { type } };
    case 'kill':
    case 'resume':
    case 'restart':
    case 'removeMaster':
      return isText(member) ? { type: 'command', command: { type, member } } : malformed('member must be a name');
    case 'pause':
      if (!isText(member)) return malformed('member must be a name');
      if (forMs !== null && !(typeof forMs === 'number' && forMs > 0)) return malformed('forMs must be above zero');
      return { type: 'command', command: { type, member, forMs } };
    case 'partition':
      return isGroups(groups)
        ? { type: 'command', command: { type, groups } }
        : malformed('groups must be lists of names');
    default:
      return malformed(`unknown command ${JSON.stringify(type)}`);
  }
}

function malformed(message: string): ParsedControlCommand {
  return { type: 'malformed', message };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isGroups(value: unknown): value is readonly (readonly string[])[] {
  return (
    Array.isArray(value) && value.every((group) => Array.isArray(group) && group.length > 0 && group.every(isText))
  );
}
