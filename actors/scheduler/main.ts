/** The scheduler role. Beside other actors it reaches the module loader, for plugins of the user's. */
import { defineRole } from '../../src/actor/behaviour.ts';
import { openModules } from '../io/modules.ts';
import { schedulerBehaviour } from './behaviour.ts';

export const schedulerRole = defineRole({
  name: 'scheduler',
  behaviour: schedulerBehaviour,
  ports: { modules: openModules },
});
