import { describe, expect, it } from 'vitest';
import { parseReference } from '#shared/core/reference.ts';
import { createFreezing, isOver, lostFreeze, sayFreeze } from '#shared/core/rollout/freezes.ts';
import { openingsAt, stageOf } from '#shared/core/rollout/strategy.ts';
import { frozen } from '#test/fixtures/freeze.ts';
import { HOUR, NOW, at, iso, strategy } from '#test/fixtures/rollout.ts';

const REPOSITORY = 'us-docker.pkg.dev/acme/configs/platform';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const PROD = { env: 'prod' };

/** Whether it holds for an image. */
function holds(changes: Parameters<typeof frozen>[0], image: string, labels = PROD, now = NOW) {
  const freezing = createFreezing([frozen(changes)]);
  return freezing.find(parseReference(image), labels, now) !== undefined;
}

describe('createFreezing()', () => {
  it.each([
    ['all', undefined, `${REPOSITORY}:v1`, true],
    ['its repository', REPOSITORY, `${REPOSITORY}:v1`, true],
    ['its repository, of a digest', REPOSITORY, `${REPOSITORY}@${DIGEST}`, true],
    ['its tag', `${REPOSITORY}:v1`, `${REPOSITORY}:v1`, true],
    ['the tag that stands for none', `${REPOSITORY}:latest`, REPOSITORY, true],
    ['another tag', `${REPOSITORY}:v1`, `${REPOSITORY}:v2`, false],
    ['a tag that begins with it', `${REPOSITORY}:v1`, `${REPOSITORY}:v1.2`, false],
    ['a tag, and it names a digest', `${REPOSITORY}:v1`, `${REPOSITORY}@${DIGEST}`, false],
    ['a repository that begins with it', REPOSITORY, `${REPOSITORY}-next:v1`, false],
    ['a repository below it', REPOSITORY, `${REPOSITORY}/next:v1`, false],
    ['a repository above it', `${REPOSITORY}/next`, `${REPOSITORY}:v1`, false],
    ['one in another case', REPOSITORY.toUpperCase(), `${REPOSITORY}:v1`, false],
    ['the same path of another host', REPOSITORY, `us.pkg.dev/acme/configs/platform:v1`, false],
    ['a pattern', 'us-docker.pkg.dev/acme/configs/*', `${REPOSITORY}:v1`, false],
  ])('freezes %s: %s', (_, image, of, expected) => {
    expect(holds(image === undefined ? {} : { image }, of)).toBe(expected);
  });

  it.each([
    [undefined, true],
    ['env = prod', true],
    ['env = staging', false],
    ['env in (staging, prod), !legacy', true],
    // What cannot be read may have meant these.
    ['env = ', false],
    ['env ~ staging', true],
    ['', true],
  ])('freezes clusters with %j: %j', (clusters, expected) => {
    const changes = clusters === undefined ? {} : { clusters };
    expect(holds(changes, `${REPOSITORY}:v1`)).toBe(expected);
  });

  it('holds until the last second that can be written', () => {
    expect(holds({ until: '9999-12-31T23:59:59.000Z' }, REPOSITORY)).toBe(true);
  });

  it.each([
    ['before', 0, true],
    ['in its last minute', HOUR + 29_000, true],
    ['to the full minute', HOUR + 59_000, true],
    ['after it', HOUR + 60_000, false],
  ])('holds until its time: %s', (_, ms, expected) => {
    const until = iso(HOUR + 30_000);
    expect(holds({ until }, REPOSITORY, PROD, at(ms))).toBe(expected);
    expect(isOver({ until }, at(ms))).toBe(!expected);
  });

  it('holds without an end, whatever a clock says', () => {
    for (const now of ['1970-01-01T00:00:00Z', '9999-01-01T00:00:00Z']) {
      expect(holds({}, REPOSITORY, PROD, new Date(now))).toBe(true);
      expect(isOver({}, new Date(now))).toBe(false);
    }
    expect(isOver({ until: 'tomorrow' }, NOW)).toBe(false);
  });

  it('freezes all where freezes are lost', () => {
    const freezing = createFreezing([lostFreeze(NOW)]);
    expect(freezing.find(parseReference(REPOSITORY), {}, NOW)?.name).toBe('lost');
  });

  it('shuts every stage of a strategy, and leaves others as they are', () => {
    const configured = strategy();
    const freezing = createFreezing([frozen({ image: REPOSITORY, clusters: 'env = prod' })]);
    expect(freezing.with(configured, parseReference('r.example/other'))).toBe(configured);
    const one = freezing.with(configured, parseReference(`${REPOSITORY}:v1`));
    expect(freezing.with(configured, parseReference(`${REPOSITORY}:v2`))).toBe(one);
    const isOpen = openingsAt(one, NOW);
    for (const ring of ['canary', 'early', 'rest']) {
      const labels = { ring, ...PROD };
      expect(isOpen(stageOf(one, labels), labels)).toBe(false);
      expect(isOpen(stageOf(one, { ring }), { ring })).toBe(true);
      expect(isOpen.frozen(labels)?.person).toMatchObject({ by: 'ops@acme.example' });
    }
    expect(openingsAt(configured, NOW)(stageOf(configured, PROD), PROD)).toBe(true);
  });

  it.each([
    [{}, 'Frozen by ops@acme.example until a person lifts f-1: INC-7'],
    [
      { until: iso(HOUR) },
      'Frozen by ops@acme.example until 2026-11-23T13:00:00.000Z (f-1): INC-7',
    ],
  ])('is said of %j', (changes, said) => {
    const [freeze] = createFreezing([frozen(changes)]).of({ repository: 'any' });
    expect(freeze && sayFreeze(freeze)).toBe(said);
  });
});
