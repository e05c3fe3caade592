/** What may be wrong with the arguments of built-in plugins. Models kubernetes pkg/scheduler/apis/config/validation/validation_pluginargs.go. */
import type { PluginArguments } from './registry.ts';

/** Says in one line what is wrong; null when nothing is. */
export type ArgumentCheck = (args: PluginArguments) => string | null;

const strategies = ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio'];

export const argumentChecks: Readonly<Record<string, ArgumentCheck>> = {
  NodeResourcesFit: (args) =>
    listOf('ignoredResources', args, isText) ?? listOf('ignoredResourceGroups', args, isText) ?? strategyOf(args),
  NodeResourcesBalancedAllocation: (args) => listOf('resources', args, isResource),
  PodTopologySpread: (args) =>
    oneOf('defaultingType', args['defaultingType'], ['System', 'List']) ??
    listOf('defaultConstraints', args, isConstraint) ??
    (args['defaultConstraints'] !== undefined && args['defaultingType'] !== 'List'
      ? 'defaultConstraints need defaultingType List'
      : null),
  InterPodAffinity: (args) => numberOf('hardPodAffinityWeight', args, 0, 100),
  DefaultPreemption: (args) =>
    numberOf('minCandidateNodesPercentage', args, 0, 100) ??
    numberOf('minCandidateNodesAbsolute', args, 1, Number.MAX_SAFE_INTEGER),
  VolumeBinding: (args) => numberOf('bindTimeoutSeconds', args, 1, 86_400),
  NodeAffinity: (args) => (isOptionalObject(args['addedAffinity']) ? null : 'addedAffinity must be an object'),
};

function strategyOf({ scoringStrategy }: PluginArguments): string | null {
  if (scoringStrategy === undefined) return null;
  if (!isObject(scoringStrategy)) return 'scoringStrategy must be an object';
  const { type, requestedToCapacityRatio: ratio } = scoringStrategy;
  const wrong =
    oneOf('scoringStrategy.type', type, strategies) ??
    listOf('resources', scoringStrategy, isResource, 'scoringStrategy.');
  if (wrong !== null || type !== 'RequestedToCapacityRatio') return wrong;
  const shape = isObject(ratio) ? ratio['shape'] : undefined;
  const path = 'scoringStrategy.requestedToCapacityRatio.shape';
  if (!Array.isArray(shape) || shape.length === 0) return `${path} must be a list of at least one point`;
  if (!shape.every(isPoint)) return `${path}: utilization must be from 0 to 100, score from 0 to 10`;
  const isAscending = shape.every(
    ({ utilization }, index) => index === 0 || utilization > shape[index - 1]?.utilization,
  );
  return isAscending ? null : `${path} must have ascending utilization`;
}

function isPoint(value: unknown): boolean {
  return isObject(value) && isBetween(value['utilization'], 0, 100) && isBetween(value['score'], 0, 10);
}

function isResource(value: unknown): boolean {
  return isObject(value) && isText(value['name']) && isBetween(value['weight'] ?? 1, 1, 100);
}

function isConstraint(value: unknown): boolean {
  if (!isObject(value) || value['labelSelector'] !== undefined) return false;
  const { maxSkew, topologyKey, whenUnsatisfiable } = value;
  const isKnown = whenUnsatisfiable === 'DoNotSchedule' || whenUnsatisfiable === 'ScheduleAnyway';
  return isBetween(maxSkew, 1, Number.MAX_SAFE_INTEGER) && isText(topologyKey) && isKnown;
}

function listOf(name: string, args: PluginArguments, isItem: (item: unknown) => boolean, path = ''): string | null {
  const list = args[name];
  if (list === undefined || (Array.isArray(list) && list.every(isItem))) return null;
  return `${path}${name} is no valid list`;
}

function oneOf(name: string, value: unknown, allowed: readonly string[]): string | null {
  if (value === undefined || allowed.includes(value as string)) return null;
  return `${name} must be one of ${allowed.join(', ')}, not ${String(value)}`;
}

function numberOf(name: string, args: PluginArguments, min: number, max: number): string | null {
  const value = args[name];
  if (value === undefined || isBetween(value, min, max)) return null;
  return `${name} must be a whole number from ${min} to ${max}, not ${String(value)}`;
}

function isBetween(value: unknown, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isOptionalObject(value: unknown): boolean {
  return value === undefined || isObject(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
