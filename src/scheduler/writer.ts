/** Who writes for a scheduler, and by what right. */
import type { ApiClient } from '../protocol/api-client.ts';
import type { Fence } from '../protocol/apiserver.ts';

export interface Writer {
  readonly api: ApiClient;
  /** Each write carries it, so that the late write of a deposed scheduler is refused by the store. */
  readonly fence: Fence;
}
