import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openReviewers, type Reviewer } from '#functions/admission/reviewers.ts';
import type { ReviewerAccess } from '#shared/config/config.ts';

const SECRET = '9d1f0c5ab0c94bbd8b5f6d0a6d6f7a11';
const TLS = { cert: '/tls/tls.crt', key: '/tls/tls.key' };
const OPEN = { mode: 'none' } as const;
const now = (): Date => new Date();

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const path = (...secrets: string[]): ReviewerAccess => ({
  mode: 'path',
  sha256: secrets.map(sha256),
});

async function ask(access: ReviewerAccess, reviewer: Partial<Reviewer>, host = '0.0.0.0') {
  const check = await openReviewers(access, { admission: { host }, now });
  return check({ headers: new Headers(), ...reviewer }).then(
    () => 'let in',
    (error: unknown) => error,
  );
}

describe('access mode path', () => {
  it('admits callers who know the secret, the old or the new one', async () => {
    expect(await ask(path(SECRET), { secret: SECRET })).toBe('let in');
    expect(await ask(path('x'.repeat(40), SECRET), { secret: SECRET })).toBe('let in');
  });

  it.each([undefined, '', 'short', `${SECRET}x`, SECRET.toUpperCase(), sha256(SECRET)])(
    'refuses %o',
    async (secret) => {
      const told = await ask(path(SECRET), secret === undefined ? {} : { secret });
      expect(told).toMatchObject({ code: 'forbidden' });
    },
  );

  it('refuses a secret that can be guessed, even where it is the right one', async () => {
    expect(await ask(path('hunter2'), { secret: 'hunter2' })).toMatchObject({ code: 'forbidden' });
  });
});

describe('access mode none', () => {
  it('is legal behind its own TLS', async () => {
    const check = await openReviewers(OPEN, { admission: { host: '0.0.0.0', tls: TLS }, now });
    await expect(check({ headers: new Headers() })).resolves.toBeUndefined();
  });

  it('is refused on an address that others reach without it', async () => {
    await expect(
      openReviewers(OPEN, { admission: { host: '0.0.0.0' }, now }),
    ).rejects.toMatchObject({
      code: 'bad-config',
    });
  });

  it('answers loopback names only, where there is no TLS', async () => {
    const rebound = { headers: new Headers({ host: 'evil.example' }) };
    expect(await ask(OPEN, rebound, '127.0.0.1')).toMatchObject({ code: 'forbidden' });
    expect(await ask(OPEN, {}, '127.0.0.1')).toBe('let in');
  });

  it('knows no secret', async () => {
    const told = await ask(OPEN, { secret: SECRET }, '127.0.0.1');
    expect(told).toMatchObject({ code: 'forbidden' });
  });
});

describe('access mode verify', () => {
  it('asks for a token', async () => {
    const access = {
      mode: 'verify',
      audience: 'a',
      emails: ['a@b.example'],
    } as const;
    expect(await ask(access, {})).toMatchObject({ code: 'unauthenticated' });
  });
});
