import * as z from 'zod';

// facts/google-cloud.md section 7. Parts go into a URL: nothing but plain name characters, and the version is required,
// for "the newest enabled" would let whoever adds a version to the key ring change what is trusted.
const KMS_KEY =
  /^gcpkms:\/\/projects\/[a-z0-9][a-z0-9.:-]*\/locations\/[a-z0-9-]+\/keyRings\/[A-Za-z0-9_-]{1,63}\/cryptoKeys\/[A-Za-z0-9_-]{1,63}\/(?:cryptoKeyVersions|versions)\/[1-9][0-9]*$/;

/** The URI of one version of a Cloud KMS key; the short form `/versions/N` becomes `/cryptoKeyVersions/N`. */
export function kmsUriSchema(): z.ZodPipe<z.ZodString, z.ZodTransform<string, string>> {
  return z
    .string()
    .regex(KMS_KEY, 'Is not the URI of a key version')
    .meta({
      examples: ['gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1'],
    })
    .transform((text) => text.replace(/\/versions\/([0-9]+)$/, '/cryptoKeyVersions/$1'));
}
