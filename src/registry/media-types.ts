/** The types of what a registry holds, those of OCI and those of Docker. Models opencontainers/image-spec media-types.md. */

export const manifestType = 'application/vnd.oci.image.manifest.v1+json';
export const indexType = 'application/vnd.oci.image.index.v1+json';
export const configType = 'application/vnd.oci.image.config.v1+json';
export const layerGzipType = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const dockerManifestType = 'application/vnd.docker.distribution.manifest.v2+json';
export const dockerListType = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** What a pull accepts as a manifest. */
export const manifestTypes: readonly string[] = [manifestType, indexType, dockerManifestType, dockerListType];

const layerForm =
  /^application\/vnd\.(?:oci\.image\.layer(?:\.nondistributable)?\.v1\.tar|docker\.image\.rootfs(?:\.foreign)?\.diff\.tar)(?:[.+](gzip|zstd))?$/;

/** How a layer is compressed; null for what is no layer of files. */
export function compressionOf(mediaType: string): 'none' | 'gzip' | 'zstd' | null {
  const match = layerForm.exec(mediaType);
  if (match === null) return null;
  return (match[1] ?? 'none') as 'none' | 'gzip' | 'zstd';
}

/** Whether it is a type and a subtype, without parameters. */
export function isMediaType(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.+-]+\/[\w.+-]+$/.test(value);
}
