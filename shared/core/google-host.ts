// `us-docker.pkg.dev`: one label. Exact and anchored: `us-docker.pkg.dev.evil.example` is not Google's.
const PKG_DEV = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.pkg\.dev$/;
const GCR_IO = /^(?:(?:asia|eu|marketplace|us)\.)?gcr\.io$/;

/** Whether a normalised host is Artifact Registry's: asked with a Google token, and needs no entry (law 9). */
export function isGoogleHost(host: string): boolean {
  return GCR_IO.test(host) || PKG_DEV.test(host);
}

/** The message where there are no credentials at all. */
export const NO_GOOGLE_TOKEN =
  'Google gave no access token: run as a service account, or set GOOGLE_APPLICATION_CREDENTIALS';
