import * as z from 'zod';
import { ACCEPT_MANIFEST, OCI_INDEX } from '#shared/registry/media-type.ts';

const reviewSchema = z.object({
  request: z.object({
    object: z.object({ metadata: z.object({ annotations: z.record(z.string(), z.string()) }) }),
  }),
});
const layersSchema = z.object({ layers: z.array(z.object({ digest: z.string() })) });
const listSchema = z.object({ manifests: z.array(z.object({ digest: z.string() })) });

/**
 * The least that a look at the announced image costs: the requests that verifying a bundle takes, with their bytes, in as
 * few rounds as they lead to each other. Nothing is hashed, unpacked or verified.
 */
export async function makeBareRequests(review: unknown): Promise<void> {
  const { annotations } = reviewSchema.parse(review).request.object.metadata;
  const announced = annotations['configsync.gke.io/image-to-sync'] ?? '';
  const [, host = '', path = '', hex = ''] =
    /^([^/]+)\/([^:@]+)[^@]*@sha256:(\w+)$/.exec(announced) ?? [];
  const base = `http://${host}/v2/${path}`;
  const manifest = (reference: string): Promise<string> =>
    get(`${base}/manifests/${reference}`, ACCEPT_MANIFEST);
  const blobs = (text: string): Promise<unknown> =>
    Promise.all(
      layersSchema
        .parse(JSON.parse(text))
        .layers.map(({ digest }) => get(`${base}/blobs/${digest}`, '*/*')),
    );
  async function content(): Promise<void> {
    await blobs(await manifest(`sha256:${hex}`));
  }
  async function referrers(): Promise<void> {
    const list = await get(`${base}/referrers/sha256:${hex}`, OCI_INDEX);
    const { manifests } = listSchema.parse(JSON.parse(list));
    await Promise.all(manifests.map(async ({ digest }) => blobs(await manifest(digest))));
  }
  await Promise.all([
    content(),
    referrers(),
    manifest(`sha256-${hex}.sig`),
    manifest(`sha256-${hex}`),
  ]);
}

async function get(url: string, accept: string): Promise<string> {
  const answer = await fetch(url, { headers: { accept, 'accept-encoding': 'identity' } });
  return answer.text();
}
