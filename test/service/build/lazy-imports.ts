// Loads lazily one package of each kind, as functions do; bundled and run by bundle.test.ts.
const { Verifier } = await import('@sigstore/verify');
const { GoogleAuth } = await import('google-auth-library');
const { ArtifactRegistryClient } = await import('@google-cloud/artifact-registry');
const { PubSub } = await import('@google-cloud/pubsub');
const { KubeConfig } = await import('@kubernetes/client-node');
const { RE2JS } = await import('re2js');
const { CustomObjectsApi } = await import('#shared/fleet/kubernetes.ts');
// CommonJS: its default is the whole of module.exports.
const { default: pubsub } = await import('@google-cloud/pubsub');
const Same = pubsub.PubSub === PubSub ? PubSub : undefined;

const found = {
  Verifier,
  GoogleAuth,
  ArtifactRegistryClient,
  PubSub,
  KubeConfig,
  RE2JS,
  Same,
  CustomObjectsApi,
};
const kinds = Object.entries(found).map(([name, value]) => [name, typeof value]);
const left = { protos: problemOf(() => pubsub.protos.google) };
process.stdout.write(
  `${JSON.stringify({ message: 'Loaded', ...Object.fromEntries(kinds), ...left })}\n`,
);

function problemOf(read: () => unknown): string {
  try {
    return typeof read();
  } catch (error) {
    return String(error);
  }
}
