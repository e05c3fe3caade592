/**
 * What a resize may change of a pod: requests and limits of cpu and memory, of its containers and sidecars, within one quality of service.
 * Models kubernetes pkg/apis/core/validation/validation.go ValidatePodResize and validateResizePolicy.
 */
import { at, child, duplicate, type FieldError, forbiddenField, invalid, notSupported } from '../../api/field-error.ts';
import { equalSemantic } from '../../api/json.ts';
import { qosClassOf } from './quality.ts';
import type { Container, Pod, ResourceList, ResourceRequirements } from './types.ts';

const resizable: ReadonlySet<string> = new Set(['cpu', 'memory']);
const restartPolicies = ['NotRequired', 'RestartContainer'];
const mirrorAnnotation = 'kubernetes.io/config.mirror';

type Lists = 'containers' | 'initContainers';

/** Returns what is wrong with resizing `old` to `wanted`, of which only the resources of containers are looked at. */
export function validateResize(wanted: Pod, old: Pod): FieldError[] {
  if (old.metadata.annotations?.[mirrorAnnotation] !== undefined) {
    return [forbiddenField('', 'static pods cannot be resized')];
  }
  const reordered = [...orderErrors(wanted, old, 'containers'), ...orderErrors(wanted, old, 'initContainers')];
  if (reordered.length > 0) return reordered;
  const errors: FieldError[] = [];
  const quality = qosClassOf(wanted);
  if ((old.status?.qosClass ?? qosClassOf(old)) !== quality) {
    errors.push(invalid('spec', quality, 'Pod QOS Class may not change as a result of resizing'));
  }
  const running = old.status?.containerStatuses?.find(({ state }) => state?.running !== undefined);
  if (running !== undefined && running.resources === undefined) {
    errors.push(forbiddenField('spec', 'Pod running on node without support for resize'));
  }
  return [
    ...errors,
    ...resourceErrors(
      wanted,
      old,
      'initContainers',
      'only cpu and memory resources for sidecar containers are mutable',
    ),
    ...resourceErrors(wanted, old, 'containers', 'only cpu and memory resources are mutable'),
  ];
}

function orderErrors(wanted: Pod, old: Pod, field: Lists): FieldError[] {
  const [next = [], before = []] = [wanted.spec[field], old.spec[field]];
  const path = child('spec', field);
  if (next.length !== before.length) return [forbiddenField(path, `${field} may not be added or removed on resize`)];
  return before.flatMap(({ name }, index) =>
    next[index]?.name === name
      ? []
      : [forbiddenField(child(at(path, index), 'name'), `${field} may not be renamed or reordered on resize`)],
  );
}

function resourceErrors(wanted: Pod, old: Pod, field: Lists, complaint: string): FieldError[] {
  const next = wanted.spec[field] ?? [];
  return (old.spec[field] ?? []).flatMap((before, index) => {
    const { resources = {}, resizePolicy } = next[index] ?? before;
    const path = at(child('spec', field), index);
    const errors = [
      ...removed(resources.requests, before.resources?.requests, child(path, 'resources.requests'), 'requests'),
      ...removed(resources.limits, before.resources?.limits, child(path, 'resources.limits'), 'limits'),
    ];
    const isOpen = field === 'containers' || before.restartPolicy === 'Always';
    const isKept =
      equalSemantic(fixedPart(resources, isOpen), fixedPart(before.resources ?? {}, isOpen)) &&
      equalSemantic(resizePolicy ?? [], before.resizePolicy ?? []);
    if (!isKept) errors.push(forbiddenField(field === 'containers' ? 'spec' : path, complaint));
    return errors;
  });
}

function removed(
  next: ResourceList = {},
  before: ResourceList = {},
  path: string,
  field: 'requests' | 'limits',
): readonly FieldError[] {
  const isLess = Object.keys(before).some((name) => !Object.hasOwn(next, name));
  return isLess ? [forbiddenField(path, `resource ${field} cannot be removed`)] : [];
}

/** What of it no resize may touch: for a container that cannot be resized all. */
function fixedPart({ requests, limits, claims }: ResourceRequirements, isOpen: boolean): object {
  const kept = (list: ResourceList = {}): object | undefined => {
    const names = Object.entries(list).filter(([name]) => !isOpen || !resizable.has(name));
    return names.length === 0 ? undefined : Object.fromEntries(names);
  };
  return { requests: kept(requests), limits: kept(limits), claims };
}

/** Checks `resizePolicy`: which changes a container takes without being started again. */
export function validateResizePolicy({ resizePolicy = [] }: Container, path: string, podPolicy: string): FieldError[] {
  const names = new Set<string>();
  return resizePolicy.flatMap(({ resourceName, restartPolicy }, index) => {
    const place = at(path, index);
    const errors: FieldError[] = [];
    if (names.has(resourceName)) errors.push(duplicate(child(place, 'resourceName'), resourceName));
    names.add(resourceName);
    if (!resizable.has(resourceName)) {
      errors.push(notSupported(child(place, 'resourceName'), resourceName, [...resizable]));
    }
    if (!restartPolicies.includes(restartPolicy)) {
      errors.push(notSupported(child(place, 'restartPolicy'), restartPolicy, restartPolicies));
    } else if (podPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      const complaint = "must be 'NotRequired' when `restartPolicy` is 'Never'";
      errors.push(invalid(child(place, 'restartPolicy'), restartPolicy, complaint));
    }
    return errors;
  });
}
