/** A thread of Piscina's that works with images. */
export { layOut, merge, unpack } from '../../io/images/image-work.ts';
