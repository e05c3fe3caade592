/** Secret: settings that few may read. */
import type { KubeObject, StringMap } from '../../api/object-meta.ts';

export interface Secret extends KubeObject {
  readonly immutable?: boolean;
  /** Base64. */
  readonly data?: StringMap;
  /** For writing only: merged into `data` and never stored. */
  readonly stringData?: StringMap;
  readonly type?: string;
}
