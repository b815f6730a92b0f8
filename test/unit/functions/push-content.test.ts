import { describe, expect, it } from 'vitest';
import { createContentVerifier } from '#shared/content/content-verifier.ts';
import { DEFAULT_CONTENT } from '#shared/core/content.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import { readerOf } from '#test/fixtures/content-world.ts';
import { UNSIGNED, UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { A } from '#test/fixtures/digests.ts';
import { createPushWorld, deliver, messageOf, type PushWorld } from '#test/fixtures/push-world.ts';
import { buildRSync, IMAGE } from '#test/fixtures/rsync.ts';
import { tarOf, yamlAt } from '#test/fixtures/tar-builder.ts';

const REPOSITORY = 'us-docker.pkg.dev/acme/configs/platform';
const TAGGED = { action: 'INSERT', digest: `${REPOSITORY}@${A}`, tag: IMAGE };
const UNTAGGED = { action: 'INSERT', digest: `${REPOSITORY}@${A}` };
const GOOD = tarOf(yamlAt('a.yaml'));
const UNSAFE = tarOf(yamlAt('a.yaml'), yamlAt('../a.yaml'));
const NO_TAR = Buffer.from('kind: ConfigMap');

async function push(layer: Buffer, verdict: Verdict, data: object): Promise<PushWorld> {
  const made = createPushWorld({ clusters: { one: [buildRSync()] } });
  made.tags.set(IMAGE, A);
  made.verdicts.set(A, verdict);
  const verifier = createContentVerifier({
    verifier: made.push.verifier,
    content: readerOf([layer]),
    ruleOf: () => DEFAULT_CONTENT,
    now: () => made.deps.now().getTime(),
  });
  await deliver(messageOf(made, data), { ...made.push, verifier });
  return made;
}

describe('a push', () => {
  it.each([
    ['unsigned', UNSIGNED, TAGGED],
    ['untrusted', UNTRUSTED, TAGGED],
    ['signed', VERIFIED, TAGGED],
    ['unsigned, before it has a tag', UNSIGNED, UNTAGGED],
    ['signed, before it has a tag', VERIFIED, UNTAGGED],
  ])('of an image that leads out of its folder is an ERROR: %s', async (_, verdict, data) => {
    const { events, tasks } = await push(UNSAFE, verdict, data);
    expect(events).toMatchObject([
      { type: 'image.unusable', severity: 'ERROR', data: { digest: A, reasons: ['unsafe-entry'] } },
    ]);
    expect(tasks).toEqual([]);
  });

  it('of a signed image whose layer is no archive tasks no cluster, and is published', async () => {
    const { events, tasks } = await push(NO_TAR, VERIFIED, TAGGED);
    expect(events).toMatchObject([
      { type: 'image.unusable', data: { digest: A, reasons: ['layer-not-tar'] } },
    ]);
    expect(events).not.toMatchObject([{ severity: 'ERROR' }]);
    expect(tasks).toEqual([]);
  });

  it('of what is no config, beside an image and without a tag, is not published', async () => {
    for (const layer of [NO_TAR, tarOf({ name: 'bin/', type: '5' })]) {
      const { events, tasks } = await push(layer, UNSIGNED, UNTAGGED);
      expect([events, tasks]).toEqual([[], []]);
    }
  });

  it('of a good image goes on as ever', async () => {
    const { events, tasks } = await push(GOOD, VERIFIED, TAGGED);
    expect(events).toMatchObject([{ type: 'image.verified' }]);
    expect(tasks).toMatchObject([{ cluster: 'one' }]);
  });
});
