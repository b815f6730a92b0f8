import type { KeyObject } from 'node:crypto';
import { openRepository, signBundle, signLegacy } from '#infra/local/images/push-image.ts';
import { createPusher } from '#test/fixtures/push-artifact.ts';
import type { Stock, StockImage } from './generate.ts';
import type { Known } from './oracle.ts';

const MEDIA_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const IMAGES = 8;
const VERSIONS = ['1.0.0', '1.1.0', '2.0.0'];

/** Pushes images and charts, signs every other of them, and keeps the books of it. */
export async function stockUp(
  registry: { readonly host: string; readonly url: string },
  key: KeyObject,
): Promise<{ readonly stock: Stock; readonly known: Known }> {
  const { host } = registry;
  const signed = new Set<string>();
  const charts = new Set<string>();
  const children = new Map<string, string>();

  async function sign(path: string, digest: string, form = signLegacy): Promise<void> {
    const image = { mediaType: MEDIA_TYPE, digest, size: 1 };
    await form({ repository: openRepository(host, path), image, key });
  }

  async function stockImage(number: number): Promise<StockImage> {
    const path = `configs/app-${number}`;
    const pusher = createPusher(registry.url, path);
    const repository = `${host}/${path}`;
    const digest = await pusher.image({ 'a.yaml': `n: ${number}` }, 'v1');
    if (number % 3 !== 0) {
      if (number % 2 === 0) await sign(path, digest, number % 4 === 0 ? signLegacy : signBundle);
      if (number % 2 === 0) signed.add(`${repository}@${digest}`);
      return { repository, tag: 'v1', digest };
    }
    const index = await pusher.index([{ digest, platform: 'linux/amd64' }], 'v1');
    children.set(index, digest);
    if (number % 2 === 0) await sign(path, index);
    // An index that is announced itself is no child of anything: its own signature counts for it.
    if (number % 2 === 0) signed.add(`${repository}@${digest}`).add(`${repository}@${index}`);
    return { repository, tag: 'v1', digest, index };
  }

  const images: StockImage[] = [];
  for (let number = 1; number <= IMAGES; number += 1) images.push(await stockImage(number));
  const shelf: Stock['charts'][number][] = [];
  for (const [number, version] of VERSIONS.entries()) {
    const path = 'configs/charts/platform';
    const files = { 'platform/Chart.yaml': `v: ${version}` };
    const digest = await createPusher(registry.url, path).chart(files, version, [version]);
    if (number % 2 === 0) await sign(path, digest);
    if (number % 2 === 0) charts.add(`${host}/${path}:${version}`);
    shelf.push({ repo: `oci://${host}/configs/charts`, chart: 'platform', version });
  }
  const stock = { host, images, charts: shelf };
  return { stock, known: { prefix: `${host}/configs/`, signed, charts, children } };
}
