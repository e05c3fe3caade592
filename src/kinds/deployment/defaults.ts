/** Models kubernetes pkg/apis/apps/v1/defaults.go SetDefaults_Deployment. */
import { setDefault } from '../../api/json.ts';
import { setPodTemplateDefaults } from '../pod/defaults.ts';
import type { Deployment, DeploymentSpec, DeploymentStrategy } from './types.ts';

export function setDeploymentDefaults(deployment: Deployment): void {
  const spec = deployment.spec as DeploymentSpec | undefined;
  if (spec === undefined) return;
  setDefault(spec, 'replicas', 1);
  setDefault(spec, 'strategy', {});
  const strategy = spec.strategy as DeploymentStrategy;
  setDefault(strategy, 'type', 'RollingUpdate');
  if (strategy.type === 'RollingUpdate') {
    setDefault(strategy, 'rollingUpdate', {});
    if (strategy.rollingUpdate !== undefined) {
      setDefault(strategy.rollingUpdate, 'maxUnavailable', '25%');
      setDefault(strategy.rollingUpdate, 'maxSurge', '25%');
    }
  }
  setDefault(spec, 'revisionHistoryLimit', 10);
  setDefault(spec, 'progressDeadlineSeconds', 600);
  setPodTemplateDefaults(spec.template);
}
