/** The roles of the thread that runs controllers: the one that stands for the office, and the controllers that it starts. */
import type { Role } from '../../src/actor/behaviour.ts';
import { controllersBehaviour } from './behaviour.ts';
import { controllerBehaviour } from './controller-behaviour.ts';

export const controllersRole = { name: 'controllers', behaviour: controllersBehaviour } as unknown as Role;
export const controllerRole = { name: 'controller', behaviour: controllerBehaviour } as unknown as Role;
