/** What simulated containers use: curves over their lives, and means over the window that a runtime names. */
import { expect, test } from 'vitest';
import type { MonotonicMs, WallMs } from '../../../src/base/brand.ts';
import { SimulatedRuntime } from '../../../src/kubelet/simulated-runtime.ts';
import { amountAt, amountUntil, parseUsageCurve } from '../../../src/kubelet/usage-curve.ts';
import type { RuntimeUsage } from '../../../src/protocol/runtime.ts';

test.each([
  ['200', [{ fromMs: 0, amount: 200 }]],
  [
    '0:100,30:800',
    [
      { fromMs: 0, amount: 100 },
      { fromMs: 30_000, amount: 800 },
    ],
  ],
  [
    '5:7',
    [
      { fromMs: 0, amount: 0 },
      { fromMs: 5_000, amount: 7 },
    ],
  ],
  ['', undefined],
  ['lots', undefined],
  ['30:1,10:2', undefined],
  ['0:-1', undefined],
])('the curve %j', (text, curve) => {
  expect(parseUsageCurve(text)).toEqual(curve);
});

test('a curve is a step function, and its sum is the area below it', () => {
  const curve = parseUsageCurve('0:100,2:400') ?? [];
  expect([0, 1_999, 2_000, 9_000].map((ageMs) => amountAt(curve, ageMs))).toEqual([100, 100, 400, 400]);
  expect(amountUntil(curve, 3_000)).toBe(100 * 2_000 + 400 * 1_000);
});

test('a runtime tells means over its window, sums since the start, and nothing of what does not run', () => {
  const runtime = new SimulatedRuntime({}, 'ab');
  let request = 0;
  const ask = (type: string, body: unknown, nowMs: number): Record<string, unknown> => {
    request += 1;
    const ask = { type, request: body } as never;
    const step = runtime.handle(request, ask, nowMs as MonotonicMs, nowMs as WallMs);
    return step.answers.find((answer) => answer.request === request)?.body as Record<string, unknown>;
  };
  const annotations = { 'threemaster.dev/cpu-millis': '0:100,10:300', 'threemaster.dev/memory-bytes': '5000' };
  const config = { namespace: 'default', name: 'web', uid: 'u', attempt: 0, hostname: '', nodeName: 'n', annotations };
  const { sandboxId } = ask('runPodSandbox', { config: { ...config, podIp: null } }, 0);
  const container = {
    name: 'main',
    attempt: 0,
    image: 'web',
    imageId: 'i',
    command: [],
    args: [],
    env: [],
    mounts: [],
  };
  const { containerId } = ask('createContainer', { sandboxId, config: container }, 0);
  const usage = (nowMs: number): RuntimeUsage => ask('stats', null, nowMs) as unknown as RuntimeUsage;
  expect(usage(0).containers).toEqual([]);
  ask('startContainer', { containerId }, 1_000);
  expect(usage(1_000).containers).toEqual([]);
  expect(usage(1_500).containers).toMatchObject([{ podUid: 'u', name: 'main', cpuNanocores: 100_000_000 }]);
  // Half of the last second before, half behind the step.
  expect(usage(11_500)).toMatchObject({
    windowMs: 1_000,
    node: { cpuNanocores: 200_000_000, workingSetBytes: 5_000 },
    containers: [{ cpuNanoseconds: (100 * 10_000 + 300 * 500) * 1_000 }],
  });
  ask('stopContainer', { containerId, graceMs: 0 }, 12_000);
  expect(usage(12_000).containers).toEqual([]);
});
