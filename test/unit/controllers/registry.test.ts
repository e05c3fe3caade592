import { expect, test } from 'vitest';
import { timingProfiles } from '../../../actors/cluster/timing.ts';
import { type ControllerSettings, controllerNames, makeController } from '../../../src/controllers/registry.ts';

const timing = timingProfiles.fast;
const settings: ControllerSettings = {
  node: {
    graceMs: timing.nodeGraceMs,
    startupGraceMs: timing.nodeStartupGraceMs,
    monitorMs: timing.nodeMonitorMs,
  },
  orphanQuarantineMs: timing.nodeGraceMs,
  jobBackoffMs: timing.jobBackoffMs,
  storage: timing,
  autoscaler: timing.autoscaler,
  rootCertificate: '',
};

test.each(controllerNames)('%s is made under its own name', (name) => {
  expect(makeController(name, settings).name).toBe(name);
});

test('a controller that nobody knows is refused', () => {
  expect(() => makeController('no-such-controller', settings)).toThrow('no-such-controller');
});
