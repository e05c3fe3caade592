/**
 * A node's pods under any order of changes, deletions, wakes and ends of plays: a pod is played by one stage at a time, by one that matches the version it is
 * played with, never with a version from before the last write, and not before its delay is over.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MonotonicMs, WallMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { AddressPool } from '../../../src/kubelet/address-pool.ts';
import { readStages } from '../../../src/kubelet/stages/read-stages.ts';
import { StagedPods, type StagePlay } from '../../../src/kubelet/stages/staged-pods.ts';

const phases = ['Pending', 'Running', 'Failed'] as const;
const delayMs = 100;

const read = readStages(
  ['Pending', 'Running'].map((phase, index) => ({
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name: phase },
    spec: {
      resourceRef: { kind: 'Pod' },
      selector: { matchExpressions: [{ key: '.status.phase', operator: 'In', values: [phase] }] },
      ...(index === 0 ? { delay: { durationMilliseconds: delayMs } } : { immediateNextStage: true }),
    },
  })),
);

const uid = fc.constantFrom('a', 'b');
const step = fc.oneof(
  fc.record({ type: fc.constant('set' as const), uid, phase: fc.constantFrom(...phases), isStale: fc.boolean() }),
  fc.record({ type: fc.constant('delete' as const), uid }),
  fc.record({ type: fc.constant('wake' as const), afterMs: fc.integer({ min: 1, max: 150 }) }),
  fc.record({ type: fc.constant('end' as const), phase: fc.constantFrom(...phases), hasWritten: fc.boolean() }),
);

test('stages are played one at a time, in time, and never on what is older than the last write', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(), (steps, seed) => {
      const stages = read.type === 'read' ? read.stages : [];
      const pool = new AddressPool('10.1.0.0/24');
      const place = { nodeName: 'n', nodeIp: '10.0.0.1', startedMs: 0 as WallMs, addresses: () => pool };
      const pods = new StagedPods({ stages, isDefault: true, ...place }, new Random(seed));
      const playing = new Map<string, StagePlay>();
      const changedAtMs = new Map<string, number>();
      const written = new Map<string, number>();
      let revision = 10;
      let nowMs = 0;
      const podOf = (of: string, phase: string, at: number): Pod =>
        ({
          kind: 'Pod',
          metadata: { name: of, namespace: 'default', uid: of, resourceVersion: String(at) },
          spec: { containers: [] },
          status: { phase },
        }) as unknown as Pod;
      const moment = () => ({ monotonicMs: nowMs as MonotonicMs, wallMs: nowMs as WallMs });
      const take = (): void => {
        for (const play of pods.takePlays()) {
          expect(playing.has(play.uid)).toBe(false);
          expect(play.stage.name).toBe(play.pod.status?.phase);
          expect(Number(play.pod.metadata.resourceVersion)).toBeGreaterThanOrEqual(written.get(play.uid) ?? 0);
          if (play.stage.name === 'Pending') {
            expect(nowMs - (changedAtMs.get(play.uid) ?? 0)).toBeGreaterThanOrEqual(delayMs);
          }
          playing.set(play.uid, play);
        }
      };
      for (const each of steps) {
        if (each.type === 'set') {
          revision += 1;
          if (!each.isStale) changedAtMs.set(each.uid, nowMs);
          pods.podSet(podOf(each.uid, each.phase, each.isStale ? 1 : revision), moment());
          if (each.isStale && !changedAtMs.has(each.uid)) changedAtMs.set(each.uid, nowMs);
        } else if (each.type === 'delete') {
          pods.podDeleted(podOf(each.uid, 'Failed', revision));
          changedAtMs.delete(each.uid);
          written.delete(each.uid);
          playing.delete(each.uid);
        } else if (each.type === 'wake') {
          nowMs += each.afterMs;
          pods.wake(moment());
        } else {
          const [play] = playing.values();
          if (play === undefined) continue;
          playing.delete(play.uid);
          revision += 1;
          if (each.hasWritten) {
            written.set(play.uid, revision);
            // Only a stage that is immediate has its result looked at before the watch tells it.
            if (play.stage.isImmediate) changedAtMs.set(play.uid, nowMs);
          }
          pods.played(play, { pod: each.hasWritten ? podOf(play.uid, each.phase, revision) : null }, moment());
        }
        take();
      }
    }),
    { numRuns: 1_000 },
  );
});
