/** Bounds of images and of the registry. */

/** A manifest or a configuration, in bytes, as the distribution specification asks for at least. */
export const manifestBytesMax = 4 * 1024 * 1024;
/** Layers of one image, as overlay file systems have it. */
export const layersMax = 127;
/** A layer, in bytes: as it is stored, and as it is unpacked. */
export const layerBytesMax = 2 * 1024 * 1024 * 1024;
export const layerUnpackedBytesMax = 4 * 1024 * 1024 * 1024;
/** Files, folders and links of one layer. */
export const layerEntriesMax = 200_000;
/** A path in an image, in characters, and how many symbolic links one may lead through. */
export const pathCharactersMax = 4_096;
export const linksMax = 40;
/** Indexes within indexes that a pull follows. */
export const indexDepthMax = 2;
/** Uploads that may be open at once in a registry; the one that has waited longest makes room. */
export const uploadsMax = 256;
/** Characters of an upload's name. */
export const uploadIdCharacters = 32;
/** Repositories of a registry, and tags, manifests and blobs of one of them. */
export const repositoriesMax = 1_000;
export const tagsMax = 10_000;
export const manifestsMax = 10_000;
export const blobsMax = 10_000;
/** The name of a repository, in characters. */
export const repositoryCharactersMax = 255;
/** Names that one page of a list holds at most. */
export const pageNamesMax = 1_000;
