/** DefaultBinder: tells the API server the node of a pod. Models plugins/defaultbinder/default_binder.go. */
import type { BindPlugin } from '../../plugin.ts';
import { bindPod } from '../../writes.ts';

export const defaultBinder: BindPlugin = {
  name: 'DefaultBinder',
  bind: ({ pod }, nodeName, writer) => bindPod(writer, pod, nodeName),
};
