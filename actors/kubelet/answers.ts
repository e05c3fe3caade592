/** What a kubelet is asked for besides sessions and logs: what its node and its pods use, and the pages of its port. */
import type { Effect } from '../../src/actor/effect.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { pageOf } from '../../src/kubelet/pages.ts';
import { summarize } from '../../src/kubelet/usage-flow.ts';
import type { KubeletPage, KubeletPageRequest, UsageSummary } from '../../src/protocol/kubelet.ts';
import type { KubeletState } from './behaviour.ts';

const late = 'the container runtime does not answer in time';

export function answerUsage(state: KubeletState, request: number, timeoutMs: number): readonly Effect[] {
  return state.runner.start(usageOf(state), timeoutMs, (end) => {
    const unknown: UsageSummary = { type: 'unknown', message: late };
    return [{ type: 'reply', request, body: end.type === 'returned' ? end.result : unknown }];
  }).effects;
}

export function answerPage(
  state: KubeletState,
  request: number,
  page: KubeletPageRequest,
  timeoutMs: number,
): readonly Effect[] {
  const { kubelet, limits, situation, startedAtMs } = state;
  const source = {
    node: situation.description,
    limits,
    startedAtMs,
    pods: () => kubelet.pods(),
    runtimeCalls: () => kubelet.runtimeCalls,
    usage: () => usageOf(state),
  };
  return state.runner.start(pageOf(page, source), timeoutMs, (end) => {
    const unanswered: KubeletPage = { status: 504, contentType: 'text/plain', bytes: utf8(late) };
    return [{ type: 'reply', request, body: end.type === 'returned' ? end.result : unanswered }];
  }).effects;
}

function usageOf({ runtime, kubelet }: KubeletState): ReturnType<typeof summarize> {
  return summarize(runtime, (uid) => kubelet.find('', '', uid)?.pod);
}
