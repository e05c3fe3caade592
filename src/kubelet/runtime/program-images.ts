/** The images that real programs have been made of, by runtime: what an image is, the port knows. */
import type { Effect } from '../../actor/effect.ts';
import type { ProgramType } from '../../actor/programs-port.ts';
import type { ReplyOf, RequestOf } from '../../actor/protocol.ts';
import { normalizeImageName } from '../../kinds/pod/image-name.ts';
import type { RuntimeImage, RuntimeProtocol } from '../../protocol/runtime.ts';
import type { Completion, PortCalls } from './port-calls.ts';

type Asks = RuntimeProtocol['asks'];

export class ProgramImages {
  readonly #calls: PortCalls;
  /** By runtime and name. */
  readonly #known = new Map<string, { readonly image: string; readonly imageId: string; readonly note: string }>();

  /** Sizes by id, of images with files of their own: a name may mean another one later, and both stay. */
  readonly #held = new Map<string, number>();

  constructor(calls: PortCalls) {
    this.#calls = calls;
  }

  status(type: ProgramType, image: string): ReplyOf<Asks['imageStatus']> {
    const { imageId = null, note = '' } = this.#known.get(keyOf(type, image)) ?? {};
    return { type: 'done', imageId, note };
  }

  /** What came out of registries. Modules and programs of ours or of the machine are on every node alike. */
  held(): readonly RuntimeImage[] {
    return Array.from(this.#held, ([id, sizeBytes]) => ({ id, names: [id, ...this.#tagsOf(id)], sizeBytes }));
  }

  pull(
    type: ProgramType,
    { image, credentials = [] }: Pick<RequestOf<Asks['pullImage']>, 'image' | 'credentials'>,
    answer: (outcome: ReplyOf<Asks['pullImage']>) => void,
  ): Effect {
    return this.#calls.call({ type: 'findImage', program: type, image, credentials }, (completion: Completion) => {
      if (completion.type === 'image') {
        const { sizeBytes, note } = completion;
        const imageId = completion.imageId === '' ? imageIdOf(image) : completion.imageId;
        this.#known.set(keyOf(type, image), { image, imageId, note });
        if (completion.imageId !== '') this.#held.set(imageId, sizeBytes);
        return answer({ type: 'done', imageId, sizeBytes, note });
      }
      const reason = completion.type === 'failed' ? completion.message : 'no answer';
      return answer({ type: 'failed', code: 'pullFailed', message: `failed to pull image "${image}": ${reason}` });
    });
  }

  #tagsOf(id: string): readonly string[] {
    const named = [...this.#known.values()].filter(({ image, imageId }) => imageId === id && !image.includes('@'));
    return [...new Set(named.map(({ image }) => normalizeImageName(image)))];
  }
}

function keyOf(type: ProgramType, image: string): string {
  return `${type} ${image}`;
}

function imageIdOf(image: string): string {
  return `threemaster://${image}`;
}
