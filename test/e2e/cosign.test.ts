import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Digest } from '#shared/core/digest.ts';

import {
  type CosignWorld,
  type Form,
  FORMS,
  openCosignWorld,
  PLAIN_HTTP,
} from './tools/cosign-world.ts';

let world: CosignWorld;

beforeAll(async () => {
  world = await openCosignWorld();
  await writeFile(join(world.folder, 'predicate.json'), '{"buildType":"test"}');
});
afterAll(() => world?.close());

function sign(form: Form, reference: string, ...more: readonly string[]) {
  return world.sign(form, 'release', reference, ...more);
}

function attest({ cosign, flags }: Form, reference: string) {
  const options = ['--yes', '--key=release.key', '--tlog-upload=false', PLAIN_HTTP, ...flags];
  const what = ['--type=custom', '--predicate=predicate.json', reference];
  return world.run(cosign, 'attest', ...options, ...what);
}

function cosignVerifies(reference: string, ...more: readonly string[]) {
  return world.cosignVerifies('release', reference, ...more);
}

describe.each(FORMS)('$form', (form) => {
  const cases = (['image', 'index', 'recursive'] as const).flatMap((target) =>
    [false, true].flatMap((annotated) =>
      [false, true].map((attested) => ({ target, annotated, attested })),
    ),
  );

  it.each(cases)(
    'our verdict is cosign verify’s: $target, annotated $annotated, attested $attested',
    async ({ target, annotated, attested }) => {
      const { repository, digest, index } = await world.pushIndex();
      const signed = `${repository}@${target === 'image' ? digest : index}`;
      const annotation = annotated ? ['-a', 'env=prod'] : [];
      const recursive = target === 'recursive' ? ['--recursive'] : [];
      if (attested) await attest(form, signed);
      await sign(form, signed, ...annotation, ...recursive);
      const policy = await world.policyFor(
        'release',
        annotated ? { annotations: { env: 'prod' } } : {},
      );
      const ours: boolean[] = [];
      const theirs: boolean[] = [];
      for (const one of [digest, index]) {
        const { status } = await world.verdictOf({ repository, digest: one }, policy);
        ours.push(status === 'verified');
        theirs.push(await cosignVerifies(`${repository}@${one}`, ...annotation));
      }
      expect(ours).toEqual(theirs);
      const whole = await world.verdictOf({ repository, digest, index }, policy);
      expect(whole.status === 'verified').toBe(theirs.includes(true));
      // Cosign 2.6 loses the annotations of a bundle, and then both refuse.
      expect(theirs.includes(true)).toBe(!(annotated && form.form === 'cosign 2, bundle'));
    },
  );

  it('does not verify with another key, and says so', async () => {
    const { repository, digest } = await world.pushIndex();
    await sign(form, `${repository}@${digest}`);
    const verdict = await world.verdictOf({ repository, digest }, await world.policyFor('other'));
    expect(verdict).toEqual({ status: 'untrusted', reasons: ['wrong-key'] });
  });

  it('verifies where there is no referrers API', async () => {
    const { repository, digest } = await world.pushIndex(world.hosts.debian);
    await sign(form, `${repository}@${digest}`);
    const verdict = await world.verdictOf({ repository, digest }, await world.policyFor('release'));
    expect(verdict).toEqual({ status: 'verified', reasons: [] });
  });

  it.each(['debian', 'bare'] as const)(
    'our verdict of what cosign copied is cosign verify’s: to %s, without a referrers API',
    async (host) => {
      const { repository, digest } = await world.pushIndex();
      await sign(form, `${repository}@${digest}`);
      const target = `${world.hosts[host]}/copied/${form.form.replaceAll(/[^a-z0-9]+/g, '-')}`;
      await world.run(form.cosign, 'copy', PLAIN_HTTP, `${repository}@${digest}`, `${target}:v1`);
      const ours = await world.verdictOf(
        { repository: target, digest },
        await world.policyFor('release'),
      );
      expect(ours.status === 'verified').toBe(await cosignVerifies(`${target}@${digest}`));
      // Cosign leaves bundles behind, which are referrers.
      const status = form.form.endsWith('bundle') ? 'unsigned' : 'verified';
      expect(ours).toEqual({ status, reasons: [] });
    },
  );

  it('verifies what oras copied with its referrers to where there is no referrers API', async () => {
    const { repository, digest } = await world.pushIndex();
    await sign(form, `${repository}@${digest}`);
    const target = `${world.hosts.debian}/with-referrers/${form.form.replaceAll(/[^a-z0-9]+/g, '-')}`;
    const plain = ['--from-plain-http', '--to-plain-http', '--recursive'];
    await world.run('oras', 'copy', ...plain, `${repository}@${digest}`, `${target}:v1`);
    const ours = await world.verdictOf(
      { repository: target, digest },
      await world.policyFor('release'),
    );
    // What is no referrer stays behind.
    expect(ours.status).toBe(form.form.endsWith('bundle') ? 'verified' : 'unsigned');
    expect(ours.status === 'verified').toBe(await cosignVerifies(`${target}@${digest}`));
  });

  it('finds signatures in a repository of their own', async () => {
    const { repository, digest } = await world.pushIndex();
    const signatureRepository = `${world.hosts.embedded}/signatures`;
    const { cosign, flags } = form;
    const options = ['--yes', '--key=release.key', '--tlog-upload=false', PLAIN_HTTP, ...flags];
    const args = ['sign', ...options, `${repository}@${digest}`];
    const env = { COSIGN_REPOSITORY: signatureRepository };
    const { code, stderr } = await world.attempt(cosign, args, env);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const verdict = await world.verdictOf(
      { repository, digest },
      await world.policyFor('release', { signatureRepository }),
    );
    expect(verdict).toEqual({ status: 'verified', reasons: [] });
  });
});

describe('what is no signature of this image', () => {
  it.each(['cosign2', 'cosign3'] as const)('is one copied from another, by %s', async (cosign) => {
    const form = FORMS.find((one) => one.cosign === cosign && one.form.endsWith('legacy'));
    if (form === undefined) throw new Error('no such form');
    const { repository, digest, index } = await world.pushIndex();
    await sign(form, `${repository}@${index}`);
    const tag = (of: Digest): string => `${repository}:${of.replace(':', '-')}.sig`;
    await world.run('crane', 'copy', tag(index), tag(digest));
    expect(await cosignVerifies(`${repository}@${digest}`)).toBe(false);
    const verdict = await world.verdictOf({ repository, digest }, await world.policyFor('release'));
    expect(verdict).toEqual({ status: 'untrusted', reasons: ['digest-mismatch'] });
  });

  it('is an attestation by the same key, though cosign takes it for one', async () => {
    const { repository, digest } = await world.pushIndex();
    await attest(FORMS[3], `${repository}@${digest}`);
    expect(await cosignVerifies(`${repository}@${digest}`)).toBe(true);
    const verdict = await world.verdictOf({ repository, digest }, await world.policyFor('release'));
    expect(verdict).toEqual({ status: 'unsigned', reasons: ['no-matching-predicate'] });
  });
});
