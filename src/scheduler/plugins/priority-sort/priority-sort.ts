/** PrioritySort: higher priority first, then who has waited longer. Models plugins/queuesort/priority_sort.go. */
import type { QueueSortPlugin } from '../../plugin.ts';

export const prioritySort: QueueSortPlugin = {
  name: 'PrioritySort',
  isBefore(left, right) {
    if (left.pod.priority !== right.pod.priority) return left.pod.priority > right.pod.priority;
    if (left.enqueuedAtMs !== right.enqueuedAtMs) return left.enqueuedAtMs < right.enqueuedAtMs;
    return left.order < right.order;
  },
};
