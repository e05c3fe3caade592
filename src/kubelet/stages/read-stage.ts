/**
 * Reads Stage objects of kwok.x-k8s.io/v1alpha1: those of today (`steps`, `jq`) and those of before (`next`, `key`, `expressionFrom`). What could
 * not be carried out is refused with its place, unknown fields too: a stage that is half understood would show states that KWOK does not.
 */

import type { Json } from '../../api/json.ts';
import { parseTemplate, type Template } from '../../template/template.ts';
import { stageStepsMax } from './limits.ts';
import { ManifestError, ManifestReader } from './manifest-reader.ts';
import { parseQuery, type Query } from './query.ts';
import {
  type Stage,
  type StageDelay,
  type StageEvent,
  type StageFinalizers,
  type StagePatch,
  type StageRequirement,
  type StageSelector,
  type StageStep,
  stageFunctionNames,
} from './stage.ts';

export type ReadStage =
  | { readonly type: 'read'; readonly stage: Stage }
  | { readonly type: 'malformed'; readonly message: string };

const specFields = ['resourceRef', 'selector', 'weight', 'weightFrom', 'delay', 'next', 'steps', 'immediateNextStage'];
const delayFields = ['durationMilliseconds', 'durationFrom', 'jitterDurationMilliseconds', 'jitterDurationFrom'];
const nextFields = ['event', 'finalizers', 'delete', 'statusTemplate', 'statusSubresource', 'statusPatchAs', 'patches'];
const patchFields = ['subresource', 'root', 'template', 'type', 'impersonation'];
const requirementFields = ['key', 'operator', 'values'];
const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;
const eventTypes = ['Normal', 'Warning'] as const;
const patchTypes = ['strategic', 'merge', 'json'] as const;

export function readStage(manifest: unknown): ReadStage {
  try {
    return { type: 'read', stage: stageOf(new ManifestReader(manifest as Json, '')) };
  } catch (error: unknown) {
    if (!(error instanceof ManifestError)) throw error;
    return { type: 'malformed', message: error.message };
  }
}

function stageOf(manifest: ManifestReader): Stage {
  const { apiVersion, kind } = manifest.object();
  if (apiVersion !== 'kwok.x-k8s.io/v1alpha1' || kind !== 'Stage') {
    manifest.fail('must be a Stage of kwok.x-k8s.io/v1alpha1');
  }
  const name = manifest.at('metadata').at('name').text();
  const spec = manifest.at('spec');
  spec.object(specFields);
  const reference = spec.at('resourceRef');
  reference.object(['apiGroup', 'kind']);
  if (spec.at('next').isPresent && spec.at('steps').isPresent) spec.fail('has next and steps; one of them is enough');
  return Object.freeze({
    name,
    kind: reference.at('kind').text(),
    selector: selectorOf(spec.at('selector')),
    weight: {
      fallback: spec.at('weight').isPresent ? spec.at('weight').whole() : 0,
      query: expressionOf(spec.at('weightFrom')),
    },
    delay: delayOf(spec.at('delay')),
    steps: spec.at('steps').isPresent ? spec.at('steps').list().flatMap(stepsOf) : stepsOfNext(spec.at('next')),
    isImmediate: spec.at('immediateNextStage').flag(),
  });
}

function selectorOf(selector: ManifestReader): StageSelector | null {
  if (!selector.isPresent) return null;
  selector.object(['matchLabels', 'matchAnnotations', 'matchExpressions']);
  return {
    labels: selector.at('matchLabels').textMap(),
    annotations: selector.at('matchAnnotations').textMap(),
    requirements: selector.at('matchExpressions').list().map(requirementOf),
  };
}

function requirementOf(item: ManifestReader): StageRequirement {
  for (const name of ['cel', 'expression'])
    if (item.at(name).isPresent) item.at(name).fail('is CEL, which stages do not know here; say it in jq');
  const wrapped = item.at('jq');
  if (wrapped.isPresent) item.object(['jq']);
  const requirement = wrapped.isPresent ? wrapped : item;
  requirement.object(requirementFields);
  const operator = requirement.at('operator').oneOf(operators);
  const values = new Set(requirement.at('values').texts());
  const wantsValues = operator === 'In' || operator === 'NotIn';
  if (wantsValues && values.size === 0) requirement.at('values').fail(`must not be empty with ${operator}`);
  if (!wantsValues && values.size > 0) requirement.at('values').fail(`must be empty with ${operator}`);
  return { query: queryOf(requirement.at('key')), operator, values };
}

function queryOf(field: ManifestReader): Query {
  const parsed = parseQuery(field.text());
  return parsed.type === 'parsed' ? parsed.query : field.fail(`is an expression that ${parsed.message}`);
}

/** `{ expressionFrom }` or `{ jq: { expression } }`. */
function expressionOf(source: ManifestReader): Query | null {
  if (!source.isPresent) return null;
  if (source.at('cel').isPresent) source.at('cel').fail('is CEL, which stages do not know here; say it in jq');
  source.object(['expressionFrom', 'jq']);
  const wrapped = source.at('jq');
  wrapped.object(['expression']);
  return queryOf(wrapped.isPresent ? wrapped.at('expression') : source.at('expressionFrom'));
}

function delayOf(delay: ManifestReader): StageDelay | null {
  if (!delay.isPresent) return null;
  delay.object(delayFields);
  const [duration, durationFrom, jitter, jitterFrom] = delayFields.map((name) => delay.at(name));
  const milliseconds = (field: ManifestReader | undefined): number | null =>
    field?.isPresent === true ? field.whole() : null;
  const query = (field: ManifestReader | undefined): Query | null => (field === undefined ? null : expressionOf(field));
  const hasJitter = jitter?.isPresent === true || jitterFrom?.isPresent === true;
  return {
    duration: { fallback: milliseconds(duration) ?? 0, query: query(durationFrom) },
    jitter: hasJitter ? { fallback: milliseconds(jitter), query: query(jitterFrom) } : null,
  };
}

/** The former shape: event, finalizers, then the deletion or the patches. */
function stepsOfNext(next: ManifestReader): readonly StageStep[] {
  next.object(nextFields);
  const steps: StageStep[] = [];
  if (next.at('event').isPresent) steps.push({ type: 'event', event: eventOf(next.at('event')) });
  if (next.at('finalizers').isPresent)
    steps.push({ type: 'finalizers', finalizers: finalizersOf(next.at('finalizers')) });
  if (next.at('delete').flag()) return [...steps, { type: 'delete' }];
  if (next.at('statusTemplate').text('') !== '') {
    const subresource = next.at('statusSubresource').text('status');
    steps.push({
      type: 'patch',
      patch: { subresource, root: 'status', patch: 'strategic', template: templateOf(next.at('statusTemplate')) },
    });
  }
  const patches = next.at('patches').list();
  if (patches.length > stageStepsMax) next.at('patches').fail(`has more than ${stageStepsMax}`);
  return [...steps, ...patches.map((patch): StageStep => ({ type: 'patch', patch: patchOf(patch) }))];
}

function stepsOf(step: ManifestReader, index: number): readonly StageStep[] {
  if (index >= stageStepsMax) step.fail(`is one of more than ${stageStepsMax}`);
  step.object(['event', 'finalizers', 'delete', 'patch']);
  return [
    ...(step.at('event').isPresent ? [{ type: 'event', event: eventOf(step.at('event')) } as const] : []),
    ...(step.at('finalizers').isPresent
      ? [{ type: 'finalizers', finalizers: finalizersOf(step.at('finalizers')) } as const]
      : []),
    ...(step.at('delete').flag() ? [{ type: 'delete' } as const] : []),
    ...(step.at('patch').isPresent ? [{ type: 'patch', patch: patchOf(step.at('patch')) } as const] : []),
  ];
}

function eventOf(event: ManifestReader): StageEvent {
  event.object(['type', 'reason', 'message']);
  const type = event.at('type').isPresent ? event.at('type').oneOf(eventTypes) : 'Normal';
  return { type, reason: event.at('reason').text(''), message: templateOf(event.at('message')) };
}

function finalizersOf(finalizers: ManifestReader): StageFinalizers {
  finalizers.object(['add', 'remove', 'empty']);
  const values = (name: string): readonly string[] =>
    finalizers
      .at(name)
      .list()
      .map((item) => {
        item.object(['value']);
        return item.at('value').text();
      });
  return { add: values('add'), remove: values('remove'), empty: finalizers.at('empty').flag() };
}

function patchOf(patch: ManifestReader): StagePatch {
  patch.object(patchFields);
  return {
    subresource: patch.at('subresource').text(''),
    root: patch.at('root').text(''),
    patch: patch.at('type').isPresent ? patch.at('type').oneOf(patchTypes) : 'strategic',
    template: templateOf(patch.at('template')),
  };
}

function templateOf(field: ManifestReader): Template {
  const parsed = parseTemplate(field.text('').trim(), stageFunctionNames);
  if (parsed.type === 'parsed') return parsed.template;
  return field.fail(`line ${parsed.line}: ${parsed.message}`);
}
