/** ControllerRevision: what a daemon set or a stateful set once looked like. Made once, never changed but for its number. */
import type { JsonObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object-meta.ts';

export interface ControllerRevision extends KubeObject {
  /** A strategic merge patch that leads back to this template. */
  readonly data?: JsonObject;
  /** Grows with each template that comes into use; that of a template which comes back grows too. */
  readonly revision: number;
}
