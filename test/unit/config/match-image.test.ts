import { describe, expect, it } from 'vitest';
import { createImageRules, parseImageGlob } from '#shared/config/image-rules.ts';
import { parseReference } from '#shared/core/reference.ts';
import type { ImageRule } from '#shared/core/rule.ts';

const HOST = 'us-docker.pkg.dev';

describe('createImageRules()', () => {
  it.each<[glob: string, repository: string, matches: boolean]>([
    // "* within one path segment"
    [`${HOST}/acme/*`, `${HOST}/acme/configs`, true],
    [`${HOST}/acme/*`, `${HOST}/acme/configs/platform`, false],
    [`${HOST}/acme/*`, `${HOST}/acme`, false],
    [`${HOST}/*/configs`, `${HOST}/acme/configs`, true],
    [`${HOST}/*/configs`, `${HOST}/acme/other/configs`, false],
    [`${HOST}/acme/team-*`, `${HOST}/acme/team-a`, true],
    [`${HOST}/acme/team-*`, `${HOST}/acme/team`, false],
    [`${HOST}/acme/team-*`, `${HOST}/acme/team-a/b`, false],
    [`${HOST}/acme/*-prod`, `${HOST}/acme/eu-prod`, true],
    [`${HOST}/acme/*-prod`, `${HOST}/acme/eu-prod-old`, false],
    // "** any"
    ['**', `${HOST}/acme/configs/platform`, true],
    ['**', '127.0.0.1:5000/x', true],
    [`${HOST}/acme/**`, `${HOST}/acme/configs`, true],
    [`${HOST}/acme/**`, `${HOST}/acme/configs/platform/eu`, true],
    [`${HOST}/**/platform`, `${HOST}/acme/configs/platform`, true],
    [`${HOST}/**/platform`, `${HOST}/acme/configs/platform/eu`, false],
    [`${HOST}/**`, `${HOST}/acme`, true],
    // "a/** does not match a"
    [`${HOST}/acme/**`, `${HOST}/acme`, false],
    [`${HOST}/acme/**`, `${HOST}/acme-evil/configs`, false],
    // "anchored"
    [`${HOST}/acme/configs`, `${HOST}/acme/configs`, true],
    [`${HOST}/acme/configs`, `${HOST}/acme/configs-evil`, false],
    [`${HOST}/acme/configs`, `${HOST}/acme/configs/platform`, false],
    [`${HOST}/acme/configs`, `evil.example/${HOST}/acme/configs`, false],
    [`${HOST}/acme/**`, `${HOST}.evil.example/acme/configs`, false],
    [`${HOST}/acme/**`, `${HOST}:8443/acme/configs`, false],
    // Characters that mean something elsewhere
    [`${HOST}/acme/a.b`, `${HOST}/acme/axb`, false],
    [`us-docker.pkg.dev/acme/x`, `us-dockerxpkg.dev/acme/x`, false],
    [`${HOST}/acme/*`, `${HOST}/acme/.hidden`, true],
    ['127.0.0.1:5000/configs/**', '127.0.0.1:5000/configs/platform', true],
    ['[::1]:5000/configs/*', '[::1]:5000/configs/platform', true],
    ['[::1]:5000/configs/*', '1:5000/configs/platform', false],
    ['[::1]:5000/configs/*', '::5000/configs/platform', false],
    // Helm: <repo path>/<chart>
    [`${HOST}/acme/charts/*`, `${HOST}/acme/charts/platform`, true],
    // Case-sensitive
    [`${HOST}/acme/*`, `${HOST}/ACME/configs`, false],
  ])('%s over %s is %s', (glob, repository, matches) => {
    expect(parseImageGlob(glob)).toBe(glob);
    const rule = ruleOf(glob);
    expect(createImageRules([rule]).match(repository)).toBe(matches ? rule : undefined);
  });

  it('takes the first rule that matches', () => {
    const rules = [ruleOf(`${HOST}/acme/a`), ruleOf(`${HOST}/acme/*`), ruleOf('**')];
    expect(createImageRules(rules).match(`${HOST}/acme/a`)).toBe(rules[0]);
    expect(createImageRules(rules).match(`${HOST}/acme/b`)).toBe(rules[1]);
    expect(createImageRules(rules).match(`${HOST}/other`)).toBe(rules[2]);
    expect(createImageRules(rules.slice(0, 2)).match(`${HOST}/other`)).toBeUndefined();
    expect(createImageRules([]).match(`${HOST}/acme/a`)).toBeUndefined();
  });

  it.each([
    'US-docker.pkg.dev/acme/x:v1',
    'us-docker.pkg.dev:443/acme/x',
    `${HOST}/acme/x@sha256:${'0'.repeat(64)}`,
  ])('knows %s by its normal form', (image) => {
    const rule = ruleOf(`${HOST}/acme/*`);
    expect(createImageRules([rule]).match(parseReference(image).repository)).toBe(rule);
  });
});

describe('parseImageGlob()', () => {
  it.each([
    ['acme/configs/**', /host/],
    ['configs', /host/],
    ['*/acme/configs', /host/],
    ['**/configs', /host/],
    ['*.pkg.dev/acme/configs', /host/],
    ['us-*.pkg.dev/acme/configs', /host/],
    ['', /host/],
    ['!us-docker.pkg.dev/acme/**', /host/],
    [HOST, /without a repository/],
    [`https://${HOST}/acme/configs`, /scheme/],
    [`oci://${HOST}/acme/charts/platform`, /scheme/],
    [`${HOST}/acme/configs:v1`, /tag/],
    [`${HOST}/acme/*:v1`, /tag/],
    [`${HOST}/acme/configs@sha256:${'0'.repeat(64)}`, /digest/],
    [`${HOST}/acme/configs/`, /empty/],
    [`${HOST}//acme`, /empty/],
    [`${HOST}/acme/{a,b}`, /no repository/],
    [`${HOST}/acme/[ab]`, /no repository/],
    [`${HOST}/acme/a?`, /no repository/],
    [`${HOST}/acme/+(a|b)`, /no repository/],
    [`${HOST}/acme/!(a)`, /no repository/],
    [`${HOST}/acme/(a)*`, /no repository/],
    [`${HOST}/acme/\\*`, /no repository/],
    [`${HOST}/Acme/configs`, /no repository/],
    [`${HOST}/acme/../evil`, /no repository/],
    [`${HOST}/acme/ configs`, /no repository/],
    [`${HOST}/acme/configs*`, /cut short/],
    [`${HOST}/acme/*configs`, /cut short/],
    [`${HOST}/acme/con*figs`, /cut short/],
    [`${HOST}/acme/configs**`, /beside/],
    [`${HOST}/acme/team-**`, /beside/],
    [`${HOST}/acme/***`, /beside/],
    [`${HOST}/**/a/**/b/**`, /more than 2/],
    [`${HOST}/acme/*-*-*`, /more than 2/],
    [`${HOST}/${'a/'.repeat(300)}a`, /longer/],
  ])('refuses %j', (match, problem) => {
    expect(parseImageGlob(match)).toEqual({
      problem: expect.stringMatching(problem),
      fix: expect.stringMatching(/^[A-Z]/),
    });
  });
});

describe('createImageRules()', () => {
  const rule: ImageRule = { ...ruleOf(`${HOST}/acme/*`), clusters: 'tier != sandbox' };
  const rules = createImageRules([rule]);

  it('matches as createImageRules() does', () => {
    expect(rules.match(`${HOST}/acme/configs`)).toBe(rule);
    expect(rules.match(`${HOST}/other/configs`)).toBeUndefined();
  });

  it('selects clusters by the labels of the rule', () => {
    expect(rules.selects(rule, { tier: 'prod' })).toBe(true);
    expect(rules.selects(rule, {})).toBe(true);
    expect(rules.selects(rule, { tier: 'sandbox' })).toBe(false);
  });

  it('selects every cluster where the rule names none', () => {
    expect(rules.selects(ruleOf('**'), { tier: 'sandbox' })).toBe(true);
  });
});

function ruleOf(match: string): ImageRule {
  return { match, trust: 'release', effect: 'gate', downgrade: 'warn' };
}
