import { describe, expect, it } from 'vitest';
import { type Run, runProgramWith } from '#test/fixtures/run-program.ts';

const URL = 'https://countersign.example';

interface Google {
  readonly idToken?: (audience: string) => Promise<string>;
  readonly gcloud?: () => Promise<string>;
}

interface Asked extends Run {
  readonly sent: readonly (string | null)[];
  /** Who was asked for a token, for which audience. */
  readonly tokens: readonly string[];
}

/** Asks for what is frozen, of a service that takes one token. */
async function ask(args: readonly string[], google: Google = {}): Promise<Asked> {
  const sent: (string | null)[] = [];
  const tokens: string[] = [];
  const none = () => Promise.reject(new Error('Could not load the default credentials'));
  const { idToken = none, gcloud = none } = google;
  const ran = await runProgramWith(['freezes', ...args], {
    async fetch(input, init) {
      const given = new Request(input, init).headers.get('authorization');
      sent.push(given);
      if (given === 'Bearer good') return Response.json({ freezes: [] });
      const detail = 'The token is not accepted';
      return Response.json({ detail, code: 'unauthenticated' }, { status: 401 });
    },
    async runFile(file, rest) {
      tokens.push([file, ...rest].join(' '));
      return gcloud();
    },
    heavy: {
      async idToken(audience) {
        tokens.push(`default for ${audience}`);
        return idToken(audience);
      },
    },
  });
  return { ...ran, sent, tokens };
}

const GCLOUD = `gcloud auth print-identity-token --audiences=${URL} --include-email --quiet`;

describe('a token without configuration', () => {
  it('is that of the default credentials, for the URL', async () => {
    const { code, sent, tokens } = await ask(['--url', URL], { idToken: async () => 'good' });
    expect({ code, sent, tokens }).toEqual({
      code: 0,
      sent: ['Bearer good'],
      tokens: [`default for ${URL}`],
    });
  });

  it('is else that of gcloud', async () => {
    const { code, tokens } = await ask(['--url', URL], { gcloud: async () => 'good\n' });
    expect({ code, tokens }).toEqual({ code: 0, tokens: [`default for ${URL}`, GCLOUD] });
  });

  it('is made for the audience that is given', async () => {
    const { tokens } = await ask(['--url', URL, '--audience', 'https://aud.example'], {
      idToken: async () => 'good',
    });
    expect(tokens).toEqual(['default for https://aud.example']);
  });

  it.each([
    [['--url', 'http://127.0.0.1:8080']],
    [['--url', 'http://localhost:1']],
    [['--url', URL, '--token', 'good']],
  ])('is not looked for with %j', async (args) => {
    expect((await ask(args)).tokens).toEqual([]);
  });

  it('that there is none of is said with what would help, where one is needed', async () => {
    const missing = Object.assign(new Error('spawn gcloud ENOENT'), { code: 'ENOENT' });
    const { code, err, sent } = await ask(['--url', URL], {
      gcloud: () => Promise.reject(missing),
    });
    expect({ code, sent }).toEqual({ code: 2, sent: [null] });
    expect(err).toContain('Application Default Credentials: Could not load');
    expect(err).toContain('gcloud: is not installed');
    expect(err).toContain('set COUNTERSIGN_TOKEN, or give --token-command');
  });

  it('quotes the last line of what gcloud said', async () => {
    const failed = Object.assign(new Error('Command failed'), {
      stderr: 'ERROR: one\nRequires valid service account.\n',
    });
    const { err } = await ask(['--url', URL], { gcloud: () => Promise.reject(failed) });
    expect(err).toContain('gcloud: Requires valid service account.');
  });
});

describe('a token that is refused', () => {
  const jwt = (claims: object) =>
    `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;

  it.each([
    // The test's clock stands at 2026-11-22T06:00Z.
    [{ exp: 1_795_323_600 }, 'expired at 2026-11-22T05:00:00.000Z'],
    [{ exp: 1_795_400_000 }, 'The token is that of --token\n'],
    [{ exp: 'soon' }, 'The token is that of --token\n'],
    [{ exp: 1e300 }, 'The token is that of --token\n'],
    [{}, 'The token is that of --token\n'],
  ])('with %j is said to be what it is', async (claims, said) => {
    const token = jwt(claims);
    const { code, err } = await ask(['--url', URL, '--token', token]);
    expect(code).toBe(2);
    expect(err.replace(' (unauthenticated)', '')).toContain(said);
    expect(err).toContain('The token is not accepted');
    expect(err).not.toContain(token);
  });
});

describe('a service that is none', () => {
  it.each<[string, typeof fetch, string]>([
    [
      'a page to sign in',
      async () => new Response('<html>', { headers: { 'content-type': 'text/html' } }),
      'answers with something else than this API (text/html)',
    ],
    ['another API', async () => Response.json({ items: [] }), 'something else than this API'],
    [
      'no Countersign',
      async () => new Response('no', { status: 502 }),
      `${URL}/v1/freezes answered 502`,
    ],
    [
      'a service without such a path',
      async () => {
        const detail = 'There is nothing at this path';
        return Response.json({ detail, code: 'not-found' }, { status: 404 });
      },
      `${URL}/v1/freezes: There is nothing at this path`,
    ],
    [
      'nothing',
      async () => {
        throw new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND') });
      },
      `${URL} (--url) does not answer: getaddrinfo ENOTFOUND`,
    ],
  ])('is named: %s', async (_, fetchIt, said) => {
    const args = ['freezes', '--url', URL, '--token', 'x'];
    const { code, err } = await runProgramWith(args, { fetch: fetchIt });
    expect(code).toBe(2);
    expect(err).toContain(said);
  });

  it.each([
    ['ENOTFOUND', 2, 0],
    ['CERT_HAS_EXPIRED', 2, 0],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 2, 0],
    ['ECONNREFUSED', 2, 30],
    ['EAI_AGAIN', 2, 30],
  ])('is waited for unless it will never answer: %s', async (code, expected, least) => {
    let time = 0;
    const ran = await runProgramWith(
      ['wait', 'a.example/x:v1', '--url', URL, '--token', 'x', '--timeout', '30s'],
      {
        async fetch() {
          throw new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
        },
        now: () => time,
        sleep: async (milliseconds) => {
          time += milliseconds;
        },
      },
    );
    expect({ code: ran.code, waited: time }).toEqual({ code: expected, waited: least * 1_000 });
  });
});
