/** Reads a set of stages, and says what of them will not be carried out here. */

import { isJsonObject, type Json } from '../../api/json.ts';
import { stagesMax } from './limits.ts';
import { readStage } from './read-stage.ts';
import type { Stage } from './stage.ts';

export type ReadStages =
  | { readonly type: 'read'; readonly stages: readonly Stage[]; readonly warnings: readonly string[] }
  /** `message` is one line that says what is wrong and where. */
  | { readonly type: 'malformed'; readonly message: string };

export function readStages(manifests: readonly unknown[]): ReadStages {
  if (manifests.length > stagesMax) return { type: 'malformed', message: `there are ${stagesMax} stages at most` };
  const stages: Stage[] = [];
  for (const [index, manifest] of manifests.entries()) {
    const read = readStage(manifest);
    if (read.type === 'malformed')
      return { type: 'malformed', message: `stages[${index}]${nameOf(manifest)}: ${read.message}` };
    const { name } = read.stage;
    if (stages.some((other) => other.name === name))
      return { type: 'malformed', message: `there are two stages ${name}` };
    stages.push(read.stage);
  }
  return { type: 'read', stages, warnings: warningsOf(stages) };
}

/** Those that pods follow. */
export function podStagesOf(stages: readonly Stage[]): readonly Stage[] {
  return stages.filter(({ kind, selector }) => kind === 'Pod' && selector !== null);
}

function warningsOf(stages: readonly Stage[]): string[] {
  const strangers = stages.filter(({ kind }) => kind !== 'Pod').map(({ name }) => name);
  const own = podStagesOf(stages);
  return [
    ...(strangers.length === 0
      ? []
      : [`stages of nodes and other kinds are not carried out, only those of pods: ${strangers.join(', ')}`]),
    ...(own.length > 0 && !own.some(({ steps }) => steps.some(({ type }) => type === 'delete'))
      ? ['no stage deletes pods: a pod that is deleted stays until it is deleted by force']
      : []),
  ];
}

function nameOf(manifest: unknown): string {
  const metadata = isJsonObject(manifest) ? (manifest as { metadata?: Json }).metadata : undefined;
  const name = isJsonObject(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' ? ` (${name})` : '';
}
