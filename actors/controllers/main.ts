/** The roles of the thread that runs controllers: the one that stands for the office, and the controllers that it starts. */
import { defineRole } from '../../src/actor/behaviour.ts';
import { controllersBehaviour } from './behaviour.ts';
import { controllerBehaviour } from './controller-behaviour.ts';

export const controllersRole = defineRole({ name: 'controllers', behaviour: controllersBehaviour });
export const controllerRole = defineRole({ name: 'controller', behaviour: controllerBehaviour });
