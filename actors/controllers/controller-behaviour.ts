/** The actor of one controller. It lives while its master holds the office and ends with it, at once. */
import type { ActorContext, Behaviour } from '../../src/actor/behaviour.ts';
import { makeController } from '../../src/controllers/registry.ts';
import { ControllerRuntime } from './controller-runtime.ts';
import type { ControllerArgs, FenceLost } from './controllers-args.ts';

export const controllerBehaviour: Behaviour<ControllerArgs, ControllerRuntime> = {
  init: startRuntime,
  step: (runtime, input) => runtime.handle(input),
};

function startRuntime(args: ControllerArgs, context: ActorContext): ControllerRuntime {
  const { servers, fence, parent, settings } = args;
  const controller = makeController(args.controller, settings);
  const body: FenceLost = { type: 'fenceLost', message: { controller: controller.name } };
  const onFenceLost = () => [{ type: 'send', to: parent, body } as const];
  return new ControllerRuntime({ controller, servers, fence, onFenceLost }, context);
}
