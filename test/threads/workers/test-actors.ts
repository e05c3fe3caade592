/** A thread whose actors do what tests need: answer, throw, write to what is frozen, block, eat memory. */
import { runWorker } from '../../../actors/runtime/worker-main.ts';
import type { Role } from '../../../src/actor/behaviour.ts';
import type { Effect } from '../../../src/actor/effect.ts';
import type { Input } from '../../../src/actor/input.ts';

function step(_state: unknown, input: Input): readonly Effect[] {
  if (input.type !== 'ask') return [];
  const body = input.body as unknown as { type: string; request: unknown };
  if (body.type === 'throw') throw new Error('told to throw');
  if (body.type === 'thaw') delete (Object.freeze({ is: 'frozen' }) as { is?: string }).is;
  if (body.type === 'block') for (;;);
  if (body.type === 'eat') eat();
  return [{ type: 'reply', request: input.request, body: body.request }];
}

function eat(): void {
  const eaten: number[][] = [];
  for (;;) eaten.push(Array.from({ length: 100_000 }, (_, index) => index + eaten.length));
}

const role: Role = { name: 'test', behaviour: { init: () => null, step } };

runWorker([role]);
