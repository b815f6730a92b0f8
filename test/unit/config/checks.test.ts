import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createStrategies } from '#shared/config/strategies.ts';
import { FIXTURES, edit, parse, problemsOf, rolloutsText } from './fixture.ts';

const MINUTE = 60_000;
const STAGE = 'rollouts.strategies.fleet.stages[1]';

describe('parseConfig() of checks', () => {
  it('reads them with their units, and their files against the config', async () => {
    const { rollouts } = await parse(rolloutsText);
    expect(rollouts.strategies['fleet']?.stages[1]?.checks).toEqual([
      {
        name: 'errors',
        ask: {
          type: 'prometheus',
          url: 'https://prometheus.acme.example/base',
          query: 'errors{d="${digest}"}',
          tokenFile: resolve(FIXTURES, 'secrets/token'),
          bound: { is: 'below', value: 0.01 },
        },
        forMs: 30 * MINUTE,
        failAfterMs: 5 * MINUTE,
      },
      {
        name: 'ready',
        ask: {
          type: 'http',
          url: 'https://shop.acme.example/ready?d=${digest}',
          status: 204,
          contains: 'ok',
          tokenFile: '/secrets/shop',
        },
        forMs: 10 * MINUTE,
      },
      {
        name: 'traffic',
        ask: {
          type: 'monitoring',
          project: 'acme-prod',
          query: 'sum(requests)',
          bound: { is: 'above', value: 10 },
        },
        forMs: 10 * MINUTE,
      },
      {
        name: 'exact',
        ask: {
          type: 'monitoring',
          project: 'acme-prod',
          query: 'up',
          bound: { is: 'equals', value: 1 },
        },
        forMs: 0,
      },
    ]);
  });

  it('has none where none is named', async () => {
    const { rollouts } = await parse(rolloutsText);
    expect(rollouts.strategies['fleet']?.stages[0]).not.toHaveProperty('checks');
    expect(rollouts.strategies['tags']?.stages[0]).not.toHaveProperty('checks');
  });

  it('lets a check be bad for as long as clusters may take, unless it says so', async () => {
    const config = await parse(rolloutsText);
    const [rule] = config.images;
    const stages = rule && createStrategies(config).of(rule)?.stages;
    const patience = stages?.[1]?.checks?.map(({ failAfterMs }) => failAfterMs / MINUTE);
    expect(patience).toEqual([5, 20, 20, 20]);
    expect(stages?.[0]).not.toHaveProperty('checks');
  });

  it.each([
    'http://localhost:9090',
    'http://127.0.0.1:9090/p',
    'http://[::1]:9090',
    'http://127.3.2.1',
  ])('takes %s, which is this machine', async (url) => {
    const text = edit(rolloutsText, 'https://prometheus.acme.example/base', JSON.stringify(url));
    await expect(parse(text)).resolves.toBeDefined();
  });

  it.each([
    'http://prometheus.acme.example',
    'http://10.0.0.1:9090',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'http://169.254.169.254/computeMetadata/v1',
    'https://user:password@prometheus.acme.example',
    'https://token@prometheus.acme.example',
    'https://prometheus.acme.example?query=up',
    'https://prometheus.acme.example/?',
    'https://prometheus.acme.example#a',
    'https://prometheus.acme.example/${digest}',
    'https://${stage}.acme.example',
    'https:prometheus.acme.example',
    'https:\\\\prometheus.acme.example',
    'https://good.example\\@evil.example/',
    'https:///prometheus.acme.example',
    'file:///etc/passwd',
    'ftp://prometheus.acme.example',
    'prometheus.acme.example',
    ' https://prometheus.acme.example',
  ])('refuses %s', async (url) => {
    const text = edit(rolloutsText, 'https://prometheus.acme.example/base', JSON.stringify(url));
    const [problem, ...more] = await problemsOf(text);
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ path: `${STAGE}.checks[0].prometheus.url`, kind: 'bad-value' });
    expect(problem?.fix).toContain('https://HOST/PATH');
  });

  it.each([
    'https://${digest}.acme.example',
    'https://a${stage}/ready',
    'http://shop.acme.example/ready',
  ])('refuses %s to be asked by HTTP', async (url) => {
    const text = edit(rolloutsText, 'https://shop.acme.example/ready?d=${digest}', url);
    const problems = await problemsOf(text);
    expect(problems[0]).toMatchObject({ path: `${STAGE}.checks[1].http.url`, kind: 'bad-value' });
  });

  it('limits how many there are in all', async () => {
    const check = (n: number) => `{ name: c${n}, http: { url: "https://a.example" } }`;
    const checks = Array.from({ length: 10 }, (_, n) => check(n)).join(', ');
    const stages = Array.from(
      { length: 20 },
      (_, n) => `{ name: s${n}, clusters: "a = b", checks: [${checks}] }`,
    );
    const text = edit(
      rolloutsText,
      'stages: [{ name: all }]',
      `stages: [${stages.join(', ')}, { name: all }]`,
    );
    const [problem] = await problemsOf(text);
    expect(problem).toMatchObject({ path: 'rollouts.strategies', kind: 'too-large' });
    expect(problem?.problem).toContain('204');
  });
});
