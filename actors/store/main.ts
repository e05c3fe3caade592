/** The store role on a real thread: its disk is a folder. */
import type { Role } from '../../src/actor/behaviour.ts';
import { openFileDisk } from '../io/file-disk.ts';
import { storeBehaviour } from './behaviour.ts';

export const storeRole = { name: 'store', behaviour: storeBehaviour, ports: { disk: openFileDisk } } as unknown as Role;
