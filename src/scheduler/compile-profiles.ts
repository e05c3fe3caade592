/**
 * Turns a configuration into profiles: the default plugins, changed point by point as the configuration says. Throws SchedulerConfigurationError
 * with one line for the first thing that is wrong.
 * Models kubernetes pkg/scheduler/apis/config/v1 default_plugins.go and pkg/scheduler/framework/runtime expandMultiPointPlugins.
 */
import { argumentChecks } from './argument-checks.ts';
import {
  type ConfigurablePoint,
  configurablePoints,
  type PluginSet,
  type ProfileConfiguration,
  type SchedulerConfiguration,
  SchedulerConfigurationError,
} from './configuration.ts';
import { type SchedulerLimits, schedulerLimits } from './limits.ts';
import type { AnyPlugin, Profile } from './plugin.ts';
import { builtInPlugins, type Registry } from './registry.ts';

const defaultName = 'default-scheduler';
const defaultWeights: Readonly<Record<string, number>> = {
  TaintToleration: 3,
  NodeAffinity: 2,
  PodTopologySpread: 2,
  InterPodAffinity: 2,
};

/** The method that makes a plugin one of a point. */
const methodOf = {
  queueSort: 'isBefore',
  preEnqueue: 'preEnqueue',
  filter: 'prepare',
  postFilter: 'nominate',
  score: 'scorer',
  reserve: 'reserve',
  permit: 'permit',
  preBind: 'preBind',
  bind: 'bind',
  postBind: 'postBind',
} as const satisfies Record<Exclude<ConfigurablePoint, 'multiPoint'>, keyof AnyPlugin>;

type Point = keyof typeof methodOf;
/** Names with their weights, in order. */
type Weights = ReadonlyMap<string, number>;

const configurationKeys = [
  'apiVersion',
  'kind',
  'profiles',
  'percentageOfNodesToScore',
  'podInitialBackoffSeconds',
  'podMaxBackoffSeconds',
];
const profileKeys = ['schedulerName', 'percentageOfNodesToScore', 'plugins', 'pluginConfig'];

export function compileProfiles(configuration: SchedulerConfiguration, registry: Registry): readonly Profile[] {
  checkKeys('scheduler', configuration, configurationKeys);
  const { apiVersion = 'kubescheduler.config.k8s.io/v1', kind = 'KubeSchedulerConfiguration' } = configuration;
  if (apiVersion !== 'kubescheduler.config.k8s.io/v1') refuse(`scheduler.apiVersion ${apiVersion} is not supported`);
  if (kind !== 'KubeSchedulerConfiguration') refuse('scheduler.kind must be KubeSchedulerConfiguration');
  const configured = configuration.profiles ?? [{}];
  if (!Array.isArray(configured) || configured.length === 0)
    refuse('scheduler.profiles must be a list of at least one');
  const percentage = checkNumber(
    'scheduler.percentageOfNodesToScore',
    configuration.percentageOfNodesToScore ?? 0,
    0,
    100,
  );
  const profiles = configured.map((each, index) =>
    compileProfile(`scheduler.profiles[${index}]`, each, percentage, registry),
  );
  const names = profiles.map(({ schedulerName }) => schedulerName);
  if (new Set(names).size < names.length) refuse('scheduler.profiles must have different schedulerNames');
  if (new Set(profiles.map(({ queueSort }) => queueSort.name)).size > 1) {
    refuse('scheduler.profiles must all have the same queueSort plugin: there is one queue');
  }
  return profiles;
}

/** Returns the limits that a configuration changes. */
export function limitsOf(
  configuration: SchedulerConfiguration,
): Pick<SchedulerLimits, 'backoffInitialMs' | 'backoffMaxMs'> {
  const { podInitialBackoffSeconds, podMaxBackoffSeconds } = configuration;
  const initialMs = secondsOr(
    'scheduler.podInitialBackoffSeconds',
    podInitialBackoffSeconds,
    schedulerLimits.backoffInitialMs,
  );
  const maxMs = secondsOr('scheduler.podMaxBackoffSeconds', podMaxBackoffSeconds, schedulerLimits.backoffMaxMs);
  if (maxMs < initialMs) refuse('scheduler.podMaxBackoffSeconds must not be below podInitialBackoffSeconds');
  return { backoffInitialMs: initialMs, backoffMaxMs: maxMs };
}

function compileProfile(path: string, given: ProfileConfiguration, percentage: number, registry: Registry): Profile {
  checkKeys(path, given, profileKeys);
  const { schedulerName = defaultName, plugins = {} } = given;
  if (typeof schedulerName !== 'string' || schedulerName === '') refuse(`${path}.schedulerName must not be empty`);
  for (const key of Object.keys(plugins)) {
    if (key === 'preFilter' || key === 'preScore')
      refuse(`${path}.plugins.${key}: here it is one point with ${key === 'preFilter' ? 'filter' : 'score'}`);
  }
  checkKeys(`${path}.plugins`, plugins, configurablePoints);
  for (const [point, set] of Object.entries(plugins)) checkSet(`${path}.plugins.${point}`, set, registry);
  const make = makerOf(path, given, registry);
  const everywhere = applySet(defaultWeightsOf(), plugins.multiPoint);
  const at = <P extends Point>(point: P): Filling<P>[] => fillings(point, everywhere, plugins[point], make, path);
  const unweighed = <P extends Point>(point: P): Filling<P>['plugin'][] => at(point).map(({ plugin }) => plugin);
  const [queueSort, ...others] = unweighed('queueSort');
  if (queueSort === undefined || others.length > 0) refuse(`${path} must have exactly one queueSort plugin`);
  const profile = {
    schedulerName,
    queueSort: queueSort as NonNullable<typeof queueSort>,
    preEnqueue: unweighed('preEnqueue'),
    filter: unweighed('filter'),
    postFilter: unweighed('postFilter'),
    score: at('score'),
    reserve: unweighed('reserve'),
    permit: unweighed('permit'),
    preBind: unweighed('preBind'),
    bind: unweighed('bind'),
    postBind: unweighed('postBind'),
    percentageOfNodesToScore: checkNumber(
      `${path}.percentageOfNodesToScore`,
      given.percentageOfNodesToScore ?? percentage,
      0,
      100,
    ),
  } as unknown as Profile;
  if (profile.bind.length === 0) refuse(`${path} must have a bind plugin`);
  return profile;
}

interface Filling<P extends Point> {
  readonly plugin: AnyPlugin & Required<Pick<AnyPlugin, (typeof methodOf)[P]>>;
  readonly weight: number;
}

function fillings<P extends Point>(
  point: P,
  everywhere: Weights,
  set: PluginSet | undefined,
  make: (name: string) => AnyPlugin,
  path: string,
): Filling<P>[] {
  const method = methodOf[point];
  const fills = (plugin: AnyPlugin): boolean => plugin[method] !== undefined;
  const usual = new Map([...everywhere].filter(([name]) => fills(make(name))));
  return [...applySet(usual, set)].map(([name, weight]) => {
    const plugin = make(name);
    if (!fills(plugin)) refuse(`${path}.plugins.${point}: ${name} does not implement ${point}`);
    return { plugin: plugin as Filling<P>['plugin'], weight };
  });
}

function defaultWeightsOf(): Weights {
  return new Map([...builtInPlugins.keys()].map((name) => [name, defaultWeights[name] ?? 1]));
}

/** Plugins that are disabled go; those that are enabled come last, or get the weight that they are enabled with. */
function applySet(plugins: Weights, { enabled = [], disabled = [] }: PluginSet = {}): Weights {
  const names = new Set(disabled.map(({ name }) => name));
  const left = names.has('*') ? [] : [...plugins].filter(([name]) => !names.has(name));
  const result = new Map(left);
  for (const { name, weight } of enabled) result.set(name, weight ?? plugins.get(name) ?? 1);
  return result;
}

/** Makes each plugin of a profile once. */
function makerOf(
  path: string,
  { pluginConfig = [] }: ProfileConfiguration,
  registry: Registry,
): (name: string) => AnyPlugin {
  const args = new Map<string, Readonly<Record<string, unknown>>>();
  for (const { name, args: given } of pluginConfig) {
    const known = registry.get(name);
    if (known === undefined) return refuse(`${path}.pluginConfig: unknown plugin ${name}`);
    if (known.argumentNames !== null)
      checkArguments(`${path}.pluginConfig ${name}`, name, given ?? {}, known.argumentNames);
    args.set(name, given ?? {});
  }
  const made = new Map<string, AnyPlugin>();
  return (name) => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const plugin = makePlugin(path, name, args.get(name) ?? {}, registry);
    made.set(name, plugin);
    return plugin;
  };
}

function makePlugin(
  path: string,
  name: string,
  args: Readonly<Record<string, unknown>>,
  registry: Registry,
): AnyPlugin {
  const known = registry.get(name);
  if (known === undefined) return refuse(`${path}: unknown plugin ${name}`);
  try {
    return known.make(args);
  } catch (error) {
    return refuse(`${path}.pluginConfig ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checkArguments(
  path: string,
  name: string,
  args: Readonly<Record<string, unknown>>,
  known: readonly string[],
): void {
  checkKeys(path, args, ['apiVersion', 'kind', ...known]);
  const complaint = argumentChecks[name]?.(args) ?? null;
  if (complaint !== null) refuse(`${path}: ${complaint}`);
}

function checkSet(path: string, set: PluginSet | undefined, registry: Registry): void {
  checkKeys(path, set ?? {}, ['enabled', 'disabled']);
  const { enabled = [], disabled = [] } = set ?? {};
  for (const { name, weight } of [...enabled, ...disabled.filter((each) => each.name !== '*')]) {
    if (!registry.has(name)) refuse(`${path}: unknown plugin ${name}; there are ${[...registry.keys()].join(', ')}`);
    if (weight !== undefined && weight !== 0) checkNumber(`${path}: weight of ${name}`, weight, 1, 100);
  }
}

function checkKeys(path: string, value: object, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${path} must be an object`);
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    refuse(`unknown option ${path}.${key}; there ${known.length === 0 ? 'is none' : `are ${known.join(', ')}`}`);
  }
}

function checkNumber(path: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  return refuse(`${path} must be a whole number from ${min} to ${max}, not ${String(value)}`);
}

function secondsOr(path: string, seconds: number | undefined, otherwiseMs: number): number {
  return seconds === undefined ? otherwiseMs : checkNumber(path, seconds, 1, 3_600) * 1_000;
}

function refuse(message: string): never {
  throw new SchedulerConfigurationError(message);
}
