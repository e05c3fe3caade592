/** Profiles from configurations: what they are made of, and what is refused in which words; users' plugins, and what becomes of what they throw. */
import { describe, expect, test } from 'vitest';
import type { MonotonicMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import { compileProfiles, limitsOf } from '../../../src/scheduler/compile-profiles.ts';
import type { PluginSet, SchedulerConfiguration } from '../../../src/scheduler/configuration.ts';
import type { AnyPlugin, Profile } from '../../../src/scheduler/plugin.ts';
import { builtInPlugins, registryWith } from '../../../src/scheduler/registry.ts';
import { Scheduler } from '../../../src/scheduler/scheduler.ts';
import { node, pod } from './builders.ts';

const at = (ms: number): MonotonicMs => ms as MonotonicMs;
const compile = (configuration: SchedulerConfiguration): readonly Profile[] =>
  compileProfiles(configuration, builtInPlugins);
const only = (configuration: SchedulerConfiguration): Profile => compile(configuration)[0] as Profile;
const withPlugins = (plugins: Record<string, PluginSet>): SchedulerConfiguration => ({ profiles: [{ plugins }] });
const namesOf = (plugins: readonly { readonly name: string }[]): string[] => plugins.map(({ name }) => name);
const weightsOf = ({ score }: Profile) => Object.fromEntries(score.map(({ plugin, weight }) => [plugin.name, weight]));

describe('profiles', () => {
  test('the default one has the plugins and weights of Kubernetes', () => {
    const profile = only({});
    expect(profile.schedulerName).toBe('default-scheduler');
    expect(namesOf(profile.preEnqueue)).toEqual(['SchedulingGates']);
    expect(namesOf(profile.filter)).toEqual([
      'NodeUnschedulable',
      'NodeName',
      'TaintToleration',
      'NodeAffinity',
      'NodePorts',
      'NodeResourcesFit',
      'VolumeRestrictions',
      'NodeVolumeLimits',
      'VolumeBinding',
      'VolumeZone',
      'PodTopologySpread',
      'InterPodAffinity',
    ]);
    expect(weightsOf(profile)).toEqual({
      TaintToleration: 3,
      NodeAffinity: 2,
      NodeResourcesFit: 1,
      PodTopologySpread: 2,
      InterPodAffinity: 2,
      NodeResourcesBalancedAllocation: 1,
      ImageLocality: 1,
    });
    expect([
      namesOf(profile.postFilter),
      namesOf(profile.reserve),
      namesOf(profile.preBind),
      namesOf(profile.bind),
    ]).toEqual([['DefaultPreemption'], ['VolumeBinding'], ['VolumeBinding'], ['DefaultBinder']]);
  });

  test('a point leaves plugins out, weighs them anew, or starts from nothing', () => {
    expect(namesOf(only(withPlugins({ postFilter: { disabled: [{ name: '*' }] } })).postFilter)).toEqual([]);
    const changed = only(
      withPlugins({ score: { disabled: [{ name: 'ImageLocality' }], enabled: [{ name: 'NodeAffinity', weight: 9 }] } }),
    );
    expect(weightsOf(changed)).toMatchObject({ NodeAffinity: 9, TaintToleration: 3 });
    expect(weightsOf(changed)).not.toHaveProperty('ImageLocality');
    const bare = only(
      withPlugins({
        multiPoint: {
          disabled: [{ name: '*' }],
          enabled: [{ name: 'PrioritySort' }, { name: 'NodeResourcesFit', weight: 5 }, { name: 'DefaultBinder' }],
        },
      }),
    );
    expect([namesOf(bare.filter), weightsOf(bare)]).toEqual([['NodeResourcesFit'], { NodeResourcesFit: 5 }]);
  });

  test('each has its own arguments, and the queue its own times', () => {
    const packing = { scoringStrategy: { type: 'MostAllocated' } };
    const profiles = compile({
      percentageOfNodesToScore: 30,
      profiles: [
        {},
        {
          schedulerName: 'packer',
          percentageOfNodesToScore: 50,
          pluginConfig: [{ name: 'NodeResourcesFit', args: packing }],
        },
      ],
    });
    expect(profiles.map(({ percentageOfNodesToScore }) => percentageOfNodesToScore)).toEqual([30, 50]);
    const it = new Scheduler({ profiles, random: new Random(1) });
    it.nodeSet(node('empty'), at(0));
    it.nodeSet(node('half'), at(0));
    it.podSet(pod('there', { cpu: '2', memory: '4Gi', nodeName: 'half' }), at(0));
    it.podSet(pod('spreading', { cpu: '1', memory: '2Gi' }), at(0));
    it.podSet(pod('packed', { cpu: '1', memory: '2Gi', schedulerName: 'packer' }), at(0));
    expect([it.next(at(0)), it.next(at(0))]).toMatchObject([{ nodeName: 'empty' }, { nodeName: 'half' }]);
    expect(limitsOf({ podInitialBackoffSeconds: 2, podMaxBackoffSeconds: 4 })).toEqual({
      backoffInitialMs: 2_000,
      backoffMaxMs: 4_000,
    });
  });

  test.each<[unknown, string]>([
    [{ profile: [] }, 'unknown option scheduler.profile; there are apiVersion, kind, profiles,'],
    [{ apiVersion: 'v1' }, 'scheduler.apiVersion v1 is not supported'],
    [{ profiles: [] }, 'scheduler.profiles must be a list of at least one'],
    [{ profiles: [{}, {}] }, 'scheduler.profiles must have different schedulerNames'],
    [{ profiles: [{ schedulerName: '' }] }, 'scheduler.profiles[0].schedulerName must not be empty'],
    [
      { percentageOfNodesToScore: 101 },
      'scheduler.percentageOfNodesToScore must be a whole number from 0 to 100, not 101',
    ],
    [
      withPlugins({ filter: { enabled: [{ name: 'Nonsense' }] } }),
      'scheduler.profiles[0].plugins.filter: unknown plugin Nonsense; there are',
    ],
    [withPlugins({ filter: { enabled: [{ name: 'ImageLocality' }] } }), 'ImageLocality does not implement filter'],
    [
      withPlugins({ score: { enabled: [{ name: 'ImageLocality', weight: 101 }] } }),
      'weight of ImageLocality must be a whole number from 1 to 100, not 101',
    ],
    [withPlugins({ preFilter: {} }), 'scheduler.profiles[0].plugins.preFilter: here it is one point with filter'],
    [
      withPlugins({ queueSort: { disabled: [{ name: '*' }] } }),
      'scheduler.profiles[0] must have exactly one queueSort plugin',
    ],
    [withPlugins({ bind: { disabled: [{ name: '*' }] } }), 'scheduler.profiles[0] must have a bind plugin'],
    [
      { profiles: [{ pluginConfig: [{ name: 'X', args: {} }] }] },
      'scheduler.profiles[0].pluginConfig: unknown plugin X',
    ],
    [
      { profiles: [{ pluginConfig: [{ name: 'NodeName', args: { a: 1 } }] }] },
      'unknown option scheduler.profiles[0].pluginConfig NodeName.a;',
    ],
    [
      { profiles: [{ pluginConfig: [{ name: 'NodeResourcesFit', args: { scoringStrategy: { type: 'Best' } } }] }] },
      'scoringStrategy.type must be one of LeastAllocated, MostAllocated, RequestedToCapacityRatio, not Best',
    ],
    [
      { profiles: [{ pluginConfig: [{ name: 'InterPodAffinity', args: { hardPodAffinityWeight: -1 } }] }] },
      'hardPodAffinityWeight must be a whole number from 0 to 100, not -1',
    ],
  ])('%j is refused', (configuration, message) => {
    expect(() => compile(configuration as SchedulerConfiguration)).toThrow(message);
  });
});

describe('plugins of the user', () => {
  const thrown: string[] = [];
  const registryOf = (plugin: AnyPlugin) =>
    registryWith([{ url: 'file:///mine.mjs', exports: { plugins: { Mine: () => plugin } } }], (...[, point, error]) => {
      thrown.push(`${point}: ${(error as Error).message}`);
    });
  const schedulerWith = (plugin: AnyPlugin): Scheduler => {
    const configuration = withPlugins({ multiPoint: { enabled: [{ name: 'Mine' }] } });
    const it = new Scheduler({ profiles: compileProfiles(configuration, registryOf(plugin)), random: new Random(1) });
    it.nodeSet(node('a'), at(0));
    it.nodeSet(node('b'), at(0));
    it.podSet(pod('x'), at(0));
    return it;
  };
  const boom = (): never => {
    throw new Error('boom');
  };

  test('a filter of theirs is asked like any other', () => {
    const notA = { type: 'unschedulableAndUnresolvable' as const, reasons: ['node(s) were called a'] };
    const it = schedulerWith({
      name: 'Mine',
      prepare: () => ({ type: 'nodes', names: null, judge: ({ name }) => (name === 'a' ? notA : { type: 'success' }) }),
    });
    expect(it.next(at(0))).toMatchObject({ type: 'bind', nodeName: 'b' });
  });

  test.each<[string, AnyPlugin, string]>([
    ['prepare', { name: 'Mine', prepare: boom }, 'running "Mine" filter plugin: plugin "Mine" threw: boom'],
    [
      'judge',
      { name: 'Mine', prepare: () => ({ type: 'nodes', names: null, judge: boom }) },
      'running "Mine" filter plugin: plugin "Mine" threw: boom',
    ],
    ['scorer', { name: 'Mine', scorer: boom }, 'plugin "Mine" returns an invalid score NaN'],
    ['score', { name: 'Mine', scorer: () => ({ score: boom }) }, 'plugin "Mine" returns an invalid score NaN'],
    [
      'a score',
      { name: 'Mine', scorer: () => ({ score: () => 101 }) },
      'returns an invalid score 101, it should in the range of [0, 100]',
    ],
    ['reserve', { name: 'Mine', reserve: boom, unreserve: boom }, 'plugin "Mine" threw: boom'],
    ['permit', { name: 'Mine', permit: boom }, 'plugin "Mine" threw: boom'],
  ])('what %s throws fails the pod for now, and harms nobody else', (_what, plugin, message) => {
    const it = schedulerWith(plugin);
    expect(it.next(at(0))).toMatchObject({
      type: 'rejected',
      reason: 'SchedulerError',
      message: expect.stringContaining(message),
    });
    expect(it.snapshot.nodeNameOf('uid-x')).toBe(undefined);
    expect(it.nextAtMs()).toBe(1_000);
  });

  test('what was thrown is reported', () => {
    thrown.length = 0;
    schedulerWith({ name: 'Mine', prepare: boom }).next(at(0));
    expect(thrown).toEqual(['filter: boom']);
  });

  test('a module that exports no plugins is refused', () => {
    const registry = (exports: Record<string, unknown>) => () =>
      registryWith([{ url: 'file:///m.mjs', exports }], () => {});
    expect(registry({})).toThrow('file:///m.mjs must export `plugins`, an object of functions by plugin name');
    expect(registry({ plugins: { Mine: 1 } })).toThrow('file:///m.mjs: plugins.Mine must be a function');
    expect(registry({ plugins: { NodeName: () => ({}) } })).toThrow(
      'file:///m.mjs: there is a plugin NodeName already',
    );
  });
});
