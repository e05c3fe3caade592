/** How deployments begin and change. Models kubernetes pkg/registry/apps/deployment/strategy.go. */
import type { KindBehaviour } from '../behaviour.ts';
import { setDeploymentDefaults } from './defaults.ts';
import type { Deployment } from './types.ts';
import { validateDeployment, validateDeploymentUpdate } from './validate.ts';

export const deploymentBehaviour: KindBehaviour<Deployment> = {
  hasGeneration: true,
  setDefaults: setDeploymentDefaults,
  validate: validateDeployment,
  validateUpdate: validateDeploymentUpdate,
};
