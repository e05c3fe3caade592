/** The store role on a real thread: its disk is a folder. */
import { defineRole } from '../../src/actor/behaviour.ts';
import { openFileDisk } from '../io/file-disk.ts';
import { storeBehaviour } from './behaviour.ts';

export const storeRole = defineRole({ name: 'store', behaviour: storeBehaviour, ports: { disk: openFileDisk } });
