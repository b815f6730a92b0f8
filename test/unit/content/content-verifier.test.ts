import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createContentVerifier } from '#shared/content/content-verifier.ts';
import { createContentReader } from '#shared/content/read-content.ts';
import { DEFAULT_CONTENT } from '#shared/core/content.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { LayerList } from '#shared/registry/registry.ts';
import { digestOf, REPOSITORY, readerOf } from '#test/fixtures/content-world.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { tarOf, yamlAt } from '#test/fixtures/tar-builder.ts';
import { RELEASE_POLICY } from '#test/fixtures/trust-policy.ts';

const LAYER = gzipSync(tarOf(yamlAt('a.yaml')));
const IMAGE = { repository: REPOSITORY, digest: digestOf('image') };

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe('the verifier that reads content', () => {
  /** Over one layer, and signatures that are as `judge` says; `asked` counts how often they were judged. */
  function verifierOver(layer: Uint8Array, judge: () => Promise<Verdict> = async () => VERIFIED) {
    const asked: string[] = [];
    const verifier = createContentVerifier({
      content: readerOf([layer]),
      ruleOf: () => DEFAULT_CONTENT,
      now: () => 0,
      verifier: {
        verify({ digest }) {
          asked.push(digest);
          return judge();
        },
      },
    });
    return { verifier, asked, verify: () => verifier.verify(IMAGE, RELEASE_POLICY) };
  }

  it('leaves the decision to the signatures where the content can be used', async () => {
    const { verify, asked } = verifierOver(LAYER);
    expect(await verify()).toBe(VERIFIED);
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['layer-not-tar', Buffer.from('kind: ConfigMap')],
    ['unsafe-entry', tarOf(yamlAt('a.yaml'), yamlAt('../b.yaml'))],
    ['empty-source', tarOf()],
  ])('answers %s whichever key signed, and asks for signatures once', async (reason, layer) => {
    const { verify, asked } = verifierOver(layer);
    expect(await verify()).toMatchObject({ status: 'unusable', reason });
    expect(await verify()).toMatchObject({ status: 'unusable', reason });
    expect(asked).toHaveLength(1);
  });

  it('asks what of the image is used', async () => {
    const { verifier } = verifierOver(LAYER);
    const verify = (dir: string) =>
      verifier.verify(IMAGE, RELEASE_POLICY, { taken: { type: 'oci', dir } });
    expect(await verify('prod')).toMatchObject({ status: 'unusable', reason: 'empty-source' });
    expect(await verify('.')).toBe(VERIFIED);
  });

  it('asks for signatures before the content has been read, and for both once', async () => {
    const layers = Promise.withResolvers<LayerList>();
    const judged = Promise.withResolvers<Verdict>();
    const verifier = createContentVerifier({
      content: createContentReader({
        layersOf: () => layers.promise,
        blobs: { open: async () => piecesOf(LAYER) },
      }),
      ruleOf: () => DEFAULT_CONTENT,
      now: () => 0,
      verifier: {
        async verify() {
          judged.resolve(VERIFIED);
          return VERIFIED;
        },
      },
    });
    const verdict = verifier.verify(IMAGE, RELEASE_POLICY);
    await judged.promise;
    const layer = { digest: digestOf(LAYER), size: LAYER.length };
    layers.resolve({ status: 'listed', type: 'oci', layers: [layer] });
    expect(await verdict).toBe(VERIFIED);
  });

  it('fails with what kept the signatures from being judged, if the content can be used', async () => {
    const { verify } = verifierOver(LAYER, () => Promise.reject(new Error('No key')));
    await expect(verify()).rejects.toThrow('No key');
    const unusable = verifierOver(tarOf(), () => Promise.reject(new Error('No key')));
    expect(await unusable.verify()).toMatchObject({ status: 'unusable', reason: 'empty-source' });
  });

  it.each([
    ['unusable', readerOf([Buffer.from('kind: ConfigMap')]), true],
    [
      'not to be read',
      { read: () => Promise.reject(new Error('Down')), recall: () => undefined },
      true,
    ],
    ['good, and goes on with it', readerOf([LAYER]), false],
  ])('ends the search for signatures if the content is %s: %#', async (_, content, ends) => {
    const given = Promise.withResolvers<AbortSignal | undefined>();
    const verifier = createContentVerifier({
      content,
      ruleOf: () => DEFAULT_CONTENT,
      now: () => 0,
      verifier: {
        async verify(_subject, _policy, options) {
          given.resolve(options?.signal);
          return VERIFIED;
        },
      },
    });
    await verifier.verify(IMAGE, RELEASE_POLICY).catch(() => undefined);
    expect((await given.promise)?.aborted).toBe(ends);
  });

  it('fails with what kept the content from being read, whichever failed first', async () => {
    const failures = [Promise.withResolvers<never>(), Promise.withResolvers<never>()] as const;
    const [content, signatures] = failures;
    const verifier = createContentVerifier({
      content: { read: () => content.promise, recall: () => undefined },
      ruleOf: () => DEFAULT_CONTENT,
      now: () => 0,
      verifier: { verify: () => signatures.promise },
    });
    const verdict = verifier.verify(IMAGE, RELEASE_POLICY);
    signatures.reject(new Error('Signatures'));
    content.reject(new Error('Content'));
    await expect(verdict).rejects.toThrow('Content');
  });
});
