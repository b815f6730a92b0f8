import * as z from 'zod';
import { openRepository } from '#infra/local/images/push-image.ts';

const manifestSchema = z.object({
  mediaType: z.string(),
  config: z.object({ mediaType: z.string(), digest: z.string() }).optional(),
  layers: z.array(z.object({ mediaType: z.string(), digest: z.string() })).default([]),
});

/** Manifests of a repository, byte for byte, with their blobs. */
export interface Artifacts {
  readonly blobs: readonly { readonly mediaType: string; readonly content: Uint8Array }[];
  readonly manifests: readonly {
    readonly tag: string;
    readonly mediaType: string;
    readonly text: string;
  }[];
}

/** Reads what tags name. An index comes after what it lists. */
export async function readArtifacts(
  host: string,
  path: string,
  tags: readonly string[],
): Promise<Artifacts> {
  const base = `http://${host}/v2/${path}`;
  const manifests = await Promise.all(
    tags.map(async (tag) => {
      const answer = await get(`${base}/manifests/${tag}`);
      const text = await answer.text();
      return { tag, text, parts: manifestSchema.parse(JSON.parse(text)) };
    }),
  );
  const described = manifests.flatMap(({ parts: { config, layers } }) => [
    ...(config === undefined ? [] : [config]),
    ...layers,
  ]);
  const blobs = described.map(async ({ mediaType, digest }) => {
    const answer = await get(`${base}/blobs/${digest}`);
    return { mediaType, content: new Uint8Array(await answer.arrayBuffer()) };
  });
  return {
    blobs: await Promise.all(blobs),
    manifests: manifests.map(({ tag, text, parts }) => ({ tag, text, mediaType: parts.mediaType })),
  };
}

/** Pushes them to another repository, without a process of its own for each as the tools would need. */
export async function pushArtifacts(
  { blobs, manifests }: Artifacts,
  host: string,
  path: string,
): Promise<void> {
  const repository = openRepository(host, path);
  for (const { content, mediaType } of blobs) await repository.pushBlob(content, mediaType);
  for (const { tag, mediaType, text } of manifests) {
    const url = `http://${host}/v2/${path}/manifests/${tag}`;
    const headers = { 'content-type': mediaType };
    const answer = await fetch(url, { method: 'PUT', headers, body: text });
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  }
}

async function get(url: string): Promise<Response> {
  const accept =
    'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*';
  const answer = await fetch(url, { headers: { accept } });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}
