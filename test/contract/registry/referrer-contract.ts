import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  type Client,
  describeText,
  errorCode,
  nextPage,
  OCI_INDEX,
  OCI_MANIFEST,
  sha256,
} from './client.ts';
import type { Subject } from './subject.ts';

const SBOM = 'application/vnd.example.sbom';
const EMPTY_CONFIG = 'application/vnd.oci.image.config.v1+json';

/** Listing what refers to a manifest. Where a registry has no such API, that absence is the contract. */
export function referrerContract(subject: Subject): void {
  describe('referrers', () => {
    it('takes a manifest whose subject is absent', async () => {
      const client = subject.repository();
      const absent = describeText('not here', OCI_MANIFEST);
      const { body } = await client.pushImage('signature', { subject: absent });
      const again = await client.putManifest('signature', body);
      expect(again.status).toBe(201);
      const able = subject.can('referrers');
      expect(again.headers.get('oci-subject')).toBe(able ? absent['digest'] : null);
    });
    if (subject.can('referrers')) listedReferrers(subject);
    else absentReferrers(subject);
  });
}

function absentReferrers({ repository }: Subject): void {
  it('answers the referrers API with 404', async () => {
    const client = repository();
    const { digest } = await client.pushImage('v1');
    expect((await client.send('GET', `referrers/${digest}`)).status).toBe(404);
  });
}

function listedReferrers({ repository }: Subject): void {
  let client: Client;
  let digest: string;
  const pushed: Record<string, string> = {};

  beforeAll(async () => {
    client = repository();
    const image = await client.pushImage('v1');
    digest = image.digest;
    const subject = describeText(image.body, OCI_MANIFEST);
    const annotations = { made: 'today' };
    const referring = {
      typed: { subject, artifactType: SBOM, annotations },
      plain: { subject },
      other: { subject: describeText('another', OCI_MANIFEST) },
    };
    for (const [key, extra] of Object.entries(referring)) {
      pushed[key] = (await client.pushImage(undefined, extra)).digest;
    }
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [], subject };
    const body = JSON.stringify(index);
    pushed['index'] = sha256(body);
    await client.putManifest(sha256(body), body, OCI_INDEX);
  });

  it('lists type and annotations of each manifest that names the subject', async () => {
    const listed = await client.send('GET', `referrers/${digest}`);
    expect(listed.headers.get('content-type')).toBe(OCI_INDEX);
    expect(listed.headers.get('oci-filters-applied')).toBeNull();
    const index = await bodyOf(listed);
    const listedFields = index.manifests.map((one) => [
      one.digest,
      one.mediaType,
      one.artifactType,
    ]);
    expect(new Map(listedFields.map(([key, ...rest]) => [key, rest]))).toEqual(
      new Map([
        [pushed['typed'], [OCI_MANIFEST, SBOM]],
        // Without an artifactType of its own, an image counts by its config's media type.
        [pushed['plain'], [OCI_MANIFEST, EMPTY_CONFIG]],
        [pushed['index'], [OCI_INDEX, undefined]],
      ]),
    );
    const typed = index.manifests.find((one) => one.digest === pushed['typed']);
    expect(typed?.annotations).toEqual({ made: 'today' });
  });

  it('filters by artifactType and says so', async () => {
    const query = `artifactType=${encodeURIComponent(SBOM)}`;
    const listed = await client.send('GET', `referrers/${digest}?${query}`);
    expect(listed.headers.get('oci-filters-applied')).toBe('artifactType');
    const { manifests } = await bodyOf(listed);
    expect(manifests.map((one) => one.digest)).toEqual([pushed['typed']]);
  });

  it('answers 200 and an empty index where nothing refers, and for an unknown repository', async () => {
    for (const place of [client, repository()]) {
      const listed = await place.send('GET', `referrers/${sha256('nothing')}`);
      expect(listed.status).toBe(200);
      expect((await bodyOf(listed)).manifests).toEqual([]);
    }
  });

  it('forgets a referrer that is deleted', async () => {
    const gone = pushed['other'] ?? '';
    const subject = sha256('another');
    expect((await bodyOf(await client.send('GET', `referrers/${subject}`))).manifests).toHaveLength(
      1,
    );
    await client.send('DELETE', `manifests/${gone}`);
    expect((await bodyOf(await client.send('GET', `referrers/${subject}`))).manifests).toEqual([]);
  });

  it('pages through many by Link', async () => {
    const many = repository();
    const subject = describeText('followed by many', OCI_MANIFEST);
    const all = new Set<string>();
    for (const n of ['1', '2', '3']) {
      const { digest: one } = await many.pushImage(undefined, { subject, annotations: { n } });
      all.add(one);
    }
    const first = await many.send('GET', `referrers/${String(subject['digest'])}?n=2`);
    const second = await fetch(nextPage(first));
    expect(second.headers.get('link')).toBeNull();
    const pages = [(await bodyOf(first)).manifests, (await bodyOf(second)).manifests];
    expect(pages.map((page) => page.length)).toEqual([2, 1]);
    expect(new Set(pages.flat().map((one) => one.digest))).toEqual(all);
  });

  it('refuses a digest that is none', async () => {
    const refused = await client.send('GET', 'referrers/sha256:abc');
    expect([refused.status, await errorCode(refused)]).toEqual([400, 'DIGEST_INVALID']);
  });
}

const listing = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.literal(OCI_INDEX),
  manifests: z.array(
    z.object({
      digest: z.string(),
      mediaType: z.string(),
      size: z.int(),
      artifactType: z.string().optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

async function bodyOf(response: Response): Promise<z.infer<typeof listing>> {
  return listing.parse(await response.json());
}
