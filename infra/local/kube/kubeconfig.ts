import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { stringify } from 'yaml';

/**
 * Writes a kubeconfig with one context per cluster, named as the cluster, for kubectl and
 * client-node alike. The embedded server takes the user's name at its word.
 */
export async function writeKubeconfig(config: {
  path: string;
  clusters: readonly { name: string; url: string }[];
  user: string;
}): Promise<void> {
  const { clusters, user } = config;
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: clusters.map(({ name, url }) => ({
      name,
      // client-node refuses http servers without it (facts/google-cloud.md section 5).
      cluster: { server: url, 'insecure-skip-tls-verify': true },
    })),
    // kubectl sends no token over plain http, but says whom it acts as.
    users: [{ name: user, user: { token: `token-of:${user}`, as: user } }],
    contexts: clusters.map(({ name }) => ({ name, context: { cluster: name, user } })),
    'current-context': clusters[0]?.name ?? '',
  });
  await mkdir(dirname(config.path), { recursive: true });
  await writeFile(config.path, text, { mode: 0o600 });
}
