import { expect, it } from 'vitest';
import { openImages } from '#functions/wiring/images.ts';
import { DEFAULT_CONTENT } from '#shared/core/content.ts';
import { noTelemetry } from '#shared/telemetry/telemetry.ts';
import { digestOf, REPOSITORY } from '#test/fixtures/content-world.ts';
import { RULE } from '#test/fixtures/decision.ts';
import { tarOf, type TarSpec, yamlAt } from '#test/fixtures/tar-builder.ts';
import { RELEASE_POLICY } from '#test/fixtures/trust-policy.ts';

const MEDIA_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const OPEN = { ...RELEASE_POLICY, name: 'open', allowUnsigned: true };

/** What every function makes of an image with these entries, under a policy that asks for no signature. */
async function judge(entries: readonly TarSpec[], content: object = {}): Promise<unknown> {
  const layer = tarOf(...entries);
  const config = { mediaType: 'text/plain', digest: digestOf('{}'), size: 2 };
  const layers = [{ mediaType: 'text/plain', digest: digestOf(layer), size: layer.length }];
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE, config, layers }),
  );
  const digest = digestOf(bytes);
  const rule = { ...RULE, match: '**', trust: 'open', ...content };
  const base = { config: { images: [rule], trust: { open: OPEN } }, telemetry: noTelemetry };
  const { verifier } = openImages(
    { ...base, now: () => new Date(0) },
    {
      manifest: async () => ({
        digest,
        mediaType: MEDIA_TYPE,
        bytes,
        date: '1970-01-01T00:00:00Z',
      }),
      blob: async () => undefined,
      referrers: async () => undefined,
      async open() {
        return (async function* whole() {
          yield layer;
        })();
      },
    },
  );
  const verdict = await verifier.verify({ repository: REPOSITORY, digest }, OPEN);
  return verdict.status === 'unusable' ? verdict.reason : verdict.status;
}

it('gives every function a verifier that reads the layers, by the bounds of the rule', async () => {
  expect(await judge([yamlAt('a.yaml')])).toBe('verified');
  expect(await judge([yamlAt('a.yaml'), yamlAt('../b.yaml')])).toBe('unsafe-entry');
  expect(await judge([])).toBe('empty-source');
  const allow = { content: { ...DEFAULT_CONTENT, empty: 'allow' } };
  expect(await judge([], allow)).toBe('verified');
});
