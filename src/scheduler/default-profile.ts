/** The profile of pods that name no other scheduler, with the plugins and weights of Kubernetes. */
import { compileProfiles } from './compile-profiles.ts';
import type { Profile } from './plugin.ts';
import { builtInPlugins } from './registry.ts';

export const defaultProfiles: readonly Profile[] = compileProfiles({}, builtInPlugins);
export const defaultProfile = defaultProfiles[0] as Profile;
