/** ConfigMap: plain settings. */
import type { KubeObject, StringMap } from '../../api/object-meta.ts';

export interface ConfigMap extends KubeObject {
  readonly immutable?: boolean;
  readonly data?: StringMap;
  /** Base64. */
  readonly binaryData?: StringMap;
}
