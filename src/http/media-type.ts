/** Media types with parameters, as in Accept and Content-Type: RFC 9110 sections 8.3.1 and 12.5.1. */

export interface MediaType {
  /** Lower case, such as `application/json`. */
  readonly name: string;
  /** Names in lower case; values as they came, unquoted. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Parses one media type; undefined when there is none. */
export function parseMediaType(text: string): MediaType | undefined {
  const [name = '', ...rest] = text.split(';');
  const trimmed = name.trim().toLowerCase();
  if (!/^[^\s/]+\/[^\s/]+$/.test(trimmed)) return undefined;
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const equals = part.indexOf('=');
    if (equals === -1) continue;
    const value = part.slice(equals + 1).trim();
    parameters.set(part.slice(0, equals).trim().toLowerCase(), value.replace(/^"(.*)"$/, '$1'));
  }
  return { name: trimmed, parameters };
}

/** Parses an Accept header, best first: by quality, then in the order in which the client wrote them. */
export function parseAccept(header: string): readonly MediaType[] {
  const ranges = header.split(',').flatMap((part) => parseMediaType(part) ?? []);
  return ranges.filter((range) => qualityOf(range) > 0).sort((left, right) => qualityOf(right) - qualityOf(left));
}

function qualityOf(range: MediaType): number {
  const quality = Number(range.parameters.get('q') ?? 1);
  return Number.isNaN(quality) ? 1 : quality;
}
