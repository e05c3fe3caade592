/** The images that real programs have been made of, by runtime: what an image is, the port knows. */
import type { Effect } from '../../actor/effect.ts';
import type { ProgramType } from '../../actor/programs-port.ts';
import type { ReplyOf } from '../../actor/protocol.ts';
import type { RuntimeProtocol } from '../../protocol/runtime.ts';
import type { Completion, PortCalls } from './port-calls.ts';

type Asks = RuntimeProtocol['asks'];

export class ProgramImages {
  readonly #calls: PortCalls;
  /** Notes by runtime and name. */
  readonly #known = new Map<string, string>();

  constructor(calls: PortCalls) {
    this.#calls = calls;
  }

  status(type: ProgramType, image: string): ReplyOf<Asks['imageStatus']> {
    const note = this.#known.get(keyOf(type, image));
    return { type: 'done', imageId: note === undefined ? null : imageIdOf(image), note: note ?? '' };
  }

  pull(type: ProgramType, image: string, answer: (outcome: ReplyOf<Asks['pullImage']>) => void): Effect {
    return this.#calls.call({ type: 'findImage', program: type, image }, (completion: Completion) => {
      if (completion.type === 'image') {
        const { sizeBytes, note } = completion;
        this.#known.set(keyOf(type, image), note);
        return answer({ type: 'done', imageId: imageIdOf(image), sizeBytes, note });
      }
      const reason = completion.type === 'failed' ? completion.message : 'no answer';
      return answer({ type: 'failed', code: 'pullFailed', message: `failed to pull image "${image}": ${reason}` });
    });
  }
}

function keyOf(type: ProgramType, image: string): string {
  return `${type} ${image}`;
}

function imageIdOf(image: string): string {
  return `threemaster://${image}`;
}
