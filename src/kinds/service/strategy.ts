/** How services begin and change. Models kubernetes pkg/registry/core/service/strategy.go. */
import type { Mutable } from '../../api/json.ts';
import { checkServiceLabel } from '../../api/names.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { setServiceDefaults } from './defaults.ts';
import type { Service, ServiceSpec } from './types.ts';
import { validateService, validateServiceUpdate } from './validate.ts';

export const serviceBehaviour: KindBehaviour<Service> = {
  allowsCreateOnUpdate: true,
  checkName: checkServiceLabel,
  fieldLabels: ['spec.clusterIP', 'spec.type'],
  selectableFields: ({ spec }) => ({ 'spec.clusterIP': spec.clusterIP ?? '', 'spec.type': spec.type ?? '' }),
  setDefaults: setServiceDefaults,
  prepareForCreate(service) {
    (service as Mutable<Service>).status = { loadBalancer: {} };
  },
  prepareForUpdate: keepAllocations,
  validate: validateService,
  validateUpdate: validateServiceUpdate,
};

/** An update that does not name the allocated addresses keeps them, so that a plain `replace` works. */
function keepAllocations(service: Service, old: Service): void {
  const spec = service.spec as Mutable<ServiceSpec>;
  if (spec.type === 'ExternalName' || old.spec.type === 'ExternalName') return;
  if ((spec.clusterIP ?? '') === '' && old.spec.clusterIP !== undefined) {
    spec.clusterIP = old.spec.clusterIP;
    if (old.spec.clusterIPs !== undefined) spec.clusterIPs = old.spec.clusterIPs;
  }
  if (spec.type === 'ClusterIP') return;
  for (const port of spec.ports ?? []) {
    const former = old.spec.ports?.find((each) => each.port === port.port && each.protocol === port.protocol);
    if ((port.nodePort ?? 0) === 0 && former?.nodePort !== undefined) {
      (port as Mutable<typeof port>).nodePort = former.nodePort;
    }
  }
}
