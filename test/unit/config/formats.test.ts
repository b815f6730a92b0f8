import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { oidOfClaim } from '#shared/config/certificate-claims.ts';
import { durationSchema, kmsUriSchema, percentSchema } from '#shared/config/scalars.ts';
import { isGoogleHost } from '#shared/core/google-host.ts';
import { MAX_DURATION_MS, MAX_TEXT } from '#shared/config/limits.ts';
import { emailSchema, projectSchema, topicSchema, userSchema } from '#shared/config/scalars.ts';

const KMS = 'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k';

describe('durationSchema()', () => {
  it.each([
    ['15m', 900_000],
    ['1h', 3_600_000],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['1h2m3s4ms', 3_723_004],
    ['1.5s', 1500],
    ['0s', 0],
    ['0.0004s', 0],
    ['250ms', 250],
  ])('reads %s', (text, ms) => {
    expect(durationSchema(0).parse(text)).toBe(ms);
  });

  it.each(['', '15', 'm', '15 m', '1d', '-1m', '+1m', '1m ', '1e3s', '.5s', '1.s', '15M', '１m'])(
    'refuses %j',
    (text) => {
      expect(durationSchema(0).safeParse(text).success).toBe(false);
    },
  );

  it('is bounded', () => {
    const schema = durationSchema(1000);
    expect(schema.parse('1s')).toBe(1000);
    expect(schema.parse(`${MAX_DURATION_MS}ms`)).toBe(MAX_DURATION_MS);
    expect(schema.safeParse('999ms').success).toBe(false);
    expect(schema.safeParse(`${MAX_DURATION_MS + 1}ms`).success).toBe(false);
    expect(schema.safeParse('999999999h').success).toBe(false);
  });
});

describe('percentSchema', () => {
  it.each([
    ['5%', 0.05],
    ['0%', 0],
    ['100%', 1],
    ['2.5%', 0.025],
  ])('reads %s', (text, share) => {
    expect(percentSchema.parse(text)).toBeCloseTo(share, 12);
  });

  it.each(['5', '%', '101%', '100.1%', '-1%', '5 %', '5%%', '0x5%'])('refuses %j', (text) => {
    expect(percentSchema.safeParse(text).success).toBe(false);
  });
});

describe('text formats', () => {
  it.each<[name: string, schema: z.ZodType, good: string[], bad: string[]]>([
    [
      'e-mail addresses',
      emailSchema,
      [
        'dev@acme.example',
        'push@p.iam.gserviceaccount.com',
        "o'neil+ci@acme.example",
        '123-compute@developer.gserviceaccount.com',
      ],
      [
        'dev',
        '@acme.example',
        'dev@',
        'dev@acme',
        'dev@acme.example ',
        'a@b@acme.example',
        '*@acme.example',
        'dev@*.example',
        'Dev <dev@acme.example>',
        'dev@acme..example',
        'dev@-acme.example',
        'dev@acme.example\n',
        `${'d'.repeat(65)}@acme.example`,
        `d@${'acme.'.repeat(MAX_TEXT)}example`,
      ],
    ],
    [
      'user names',
      userSchema,
      [
        'oncall@acme.example',
        'system:serviceaccount:ops:countersign',
        'p.svc.id.goog[ops/countersign]',
        'kubernetes-admin',
      ],
      ['', '*', 'a b', "x'", 'x"', 'x\\', 'x\n', 'a,b', 'a||b', 'x'.repeat(MAX_TEXT + 1)],
    ],
    [
      'topics',
      topicSchema,
      [
        'projects/p/topics/countersign-tasks',
        'projects/local/topics/gcr',
        'projects/acme.example:p/topics/a.b_c~d%e+f',
        `projects/p/topics/${'t'.repeat(255)}`,
      ],
      [
        'countersign-tasks',
        'projects/p/topics/',
        'projects/p/topics/ab',
        'projects/p/topics/1ab',
        'projects/p/topics/goog-x',
        'projects/p/topics/a/b',
        'projects/p/subscriptions/abc',
        '/projects/p/topics/abc',
        'projects/p/topics/abc\n',
        'projects/../topics/abc',
        `projects/p/topics/${'t'.repeat(256)}`,
      ],
    ],
    [
      'projects',
      projectSchema,
      ['p', 'fleet-host', '123456', 'acme.example:fleet'],
      ['', 'Fleet', 'fleet host', 'projects/p', '-p', 'p/..', 'p'.repeat(MAX_TEXT + 1)],
    ],
    [
      'key versions',
      kmsUriSchema,
      [
        `${KMS}/cryptoKeyVersions/1`,
        `${KMS}/versions/12`,
        `${KMS.replace('/p/', '/acme.example:p/')}/cryptoKeyVersions/1`,
      ],
      [
        KMS,
        `${KMS}/cryptoKeyVersions/`,
        `${KMS}/cryptoKeyVersions/0`,
        `${KMS}/cryptoKeyVersions/1/publicKey`,
        `${KMS}/cryptoKeyVersions/1?x=y`,
        `${KMS}/cryptoKeyVersions/1 `,
        `awskms:///alias/k`,
        `${KMS.replace('gcpkms', 'GCPKMS')}/cryptoKeyVersions/1`,
        `${KMS.replace('/r/', '/r%2f/')}/cryptoKeyVersions/1`,
        `${KMS.replace('/p/', '/../')}/cryptoKeyVersions/1`,
      ],
    ],
  ])('are exact: %s', (_name, schema, good, bad) => {
    expect(good.filter((text) => !schema.safeParse(text).success)).toEqual([]);
    expect(bad.filter((text) => schema.safeParse(text).success)).toEqual([]);
  });
});

describe('oidOfClaim()', () => {
  it.each([
    ['sourceRepositoryURI', '1.3.6.1.4.1.57264.1.12'],
    ['githubWorkflowRef', '1.3.6.1.4.1.57264.1.6'],
    ['1.3.6.1.4.1.57264.1.99', '1.3.6.1.4.1.57264.1.99'],
    ['sourcerepositoryuri', undefined],
    ['constructor', undefined],
    ['1.3', undefined],
    ['1.3.06', undefined],
    ['3.1.1', undefined],
    ['', undefined],
  ])('reads %j', (name, oid) => {
    expect(oidOfClaim(name)).toBe(oid);
  });
});

describe('isGoogleHost()', () => {
  it.each([
    ['us-docker.pkg.dev', true],
    ['europe-west4-docker.pkg.dev', true],
    ['gcr.io', true],
    ['eu.gcr.io', true],
    ['marketplace.gcr.io', true],
    ['mirror.gcr.io', false],
    ['pkg.dev', false],
    ['a.b.pkg.dev', false],
    ['us-docker.pkg.dev.evil.example', false],
    ['us-docker.pkg.dev:8443', false],
    ['evilgcr.io', false],
    ['us-docker-pkg.dev', false],
    ['.pkg.dev', false],
  ])('%s: %s', (host, google) => {
    expect(isGoogleHost(host)).toBe(google);
  });
});
