/** Validation of security contexts. Models kubernetes pkg/apis/core/validation ValidateSecurityContext and validatePodSecurityContext. */
import { at, child, duplicate, type FieldError, invalid, notSupported, required } from '../../api/field-error.ts';
import { checkIdentity, checkSysctlName } from '../../api/names.ts';
import { checkedChoice } from '../field-checks.ts';
import type { AppArmorProfile, PodSecurityContext, SeccompProfile, SecurityContext } from './security-types.ts';
import type { PodSpec } from './types.ts';

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];

export function validatePodSecurity(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.hostPID === true && spec.shareProcessNamespace === true) {
    const detail = 'ShareProcessNamespace and HostPID cannot both be enabled';
    errors.push(invalid(child(path, 'shareProcessNamespace'), true, detail));
  }
  const { securityContext } = spec;
  // Nearly every pod has the empty one that defaults give it.
  if (securityContext === undefined || Object.keys(securityContext).length === 0) return errors;
  return errors.concat(validateContext(securityContext, child(path, 'securityContext')));
}

export function validateContainerSecurity(context: SecurityContext, path: string): FieldError[] {
  const errors = [
    ...checkedIdentity(child(path, 'runAsUser'), context.runAsUser),
    ...checkedIdentity(child(path, 'runAsGroup'), context.runAsGroup),
    ...checkedChoice(child(path, 'procMount'), context.procMount, ['Default', 'Unmasked']),
    ...validateProfiles(context, path),
  ];
  if (context.allowPrivilegeEscalation !== false) return errors;
  if (context.privileged === true) {
    const detail = 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true';
    errors.push(invalid(path, context, detail));
  }
  if (context.capabilities?.add?.some((capability) => capability === 'CAP_SYS_ADMIN') === true) {
    const detail = 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN';
    errors.push(invalid(path, context, detail));
  }
  return errors;
}

function validateContext(context: PodSecurityContext, path: string): FieldError[] {
  return [
    ...checkedIdentity(child(path, 'fsGroup'), context.fsGroup),
    ...checkedIdentity(child(path, 'runAsUser'), context.runAsUser),
    ...checkedIdentity(child(path, 'runAsGroup'), context.runAsGroup),
    ...(context.supplementalGroups ?? []).flatMap((group, index) =>
      checkedIdentity(at(child(path, 'supplementalGroups'), index), group),
    ),
    ...validateSysctls(context.sysctls ?? [], child(path, 'sysctls')),
    ...checkedChoice(child(path, 'fsGroupChangePolicy'), context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']),
    ...checkedChoice(child(path, 'supplementalGroupsPolicy'), context.supplementalGroupsPolicy, ['Merge', 'Strict']),
    ...validateProfiles(context, path),
  ];
}

function validateSysctls(sysctls: readonly { readonly name: string }[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, { name = '' }] of sysctls.entries()) {
    const place = child(at(path, index), 'name');
    if (name === '') errors.push(required(place));
    else for (const complaint of checkSysctlName(name)) errors.push(invalid(place, name, complaint));
    // Both spellings mean one setting.
    const setting = name.replaceAll('/', '.');
    if (names.has(setting)) errors.push(duplicate(place, name));
    names.add(setting);
  }
  return errors;
}

function validateProfiles(
  context: Pick<PodSecurityContext, 'seccompProfile' | 'appArmorProfile'>,
  path: string,
): FieldError[] {
  return [
    ...validateProfile(context.seccompProfile, child(path, 'seccompProfile'), 'seccomp'),
    ...validateProfile(context.appArmorProfile, child(path, 'appArmorProfile'), 'AppArmor'),
  ];
}

function validateProfile(
  profile: SeccompProfile | AppArmorProfile | undefined,
  path: string,
  system: 'seccomp' | 'AppArmor',
): FieldError[] {
  if (profile === undefined) return [];
  const { type = '', localhostProfile } = profile;
  const place = child(path, 'localhostProfile');
  if (type === '') return [required(child(path, 'type'), `type is required when ${system}Profile is set`)];
  if (!profileTypes.includes(type)) return [notSupported(child(path, 'type'), type, profileTypes)];
  if (type !== 'Localhost') {
    const detail = `can only be set when ${system} type is Localhost`;
    return localhostProfile === undefined ? [] : [invalid(place, localhostProfile, detail)];
  }
  if ((localhostProfile ?? '') === '') return [required(place, `must be set when ${system} type is Localhost`)];
  return [];
}

/** Users and groups by number; an absent one is fine. */
function checkedIdentity(path: string, value: number | undefined): FieldError[] {
  return value === undefined ? [] : checkIdentity(value).map((complaint) => invalid(path, value, complaint));
}
