/** What HTTP says of an answer, beside its bytes. */
import type { HttpHeaders } from '../../actor/listener-port.ts';
import { warningHeader } from '../../http/status-code.ts';
import type { ApiResponse } from '../../protocol/apiserver.ts';

/** Returns the headers of an answer, or of the head of a stream, which has no warnings. */
export function responseHeaders(
  response: Pick<ApiResponse, 'contentType' | 'headers'> & { readonly warnings?: readonly string[] },
): HttpHeaders {
  const warnings = response.warnings ?? [];
  return {
    'content-type': response.contentType,
    'cache-control': 'no-cache, private',
    ...response.headers,
    ...(warnings.length === 0 ? {} : { warning: warnings.map(warningHeader) }),
  };
}
