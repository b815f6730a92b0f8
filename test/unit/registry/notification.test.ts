import { describe, expect, it } from 'vitest';
import { parseNotification } from '#shared/registry/notifications/artifact-registry.ts';
import { failureOf, sha256 } from './scripted-registry.ts';

const REPOSITORY = 'us-docker.pkg.dev/acme/configs/platform';
const DIGEST = sha256('pushed');
const SUBJECT = sha256('subject');
const HEX = SUBJECT.slice('sha256:'.length);

function parse(body: unknown) {
  return parseNotification(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
}

describe('parseNotification()', () => {
  it.each([
    [
      { action: 'INSERT', digest: `${REPOSITORY}@${DIGEST}` },
      { action: 'INSERT', repository: REPOSITORY, digest: DIGEST, kind: 'untagged' },
    ],
    [
      { action: 'INSERT', digest: `${REPOSITORY}@${DIGEST}`, tag: `${REPOSITORY}:1.1` },
      { action: 'INSERT', repository: REPOSITORY, digest: DIGEST, tag: '1.1', kind: 'image' },
    ],
    [
      { action: 'INSERT', tag: `${REPOSITORY}:latest` },
      { action: 'INSERT', repository: REPOSITORY, tag: 'latest', kind: 'image' },
    ],
    [
      { action: 'DELETE', tag: `${REPOSITORY}:1.1` },
      { action: 'DELETE', repository: REPOSITORY, tag: '1.1', kind: 'image' },
    ],
    [
      { action: 'DELETE', digest: `${REPOSITORY}@${DIGEST}`, future: { key: 1 } },
      { action: 'DELETE', repository: REPOSITORY, digest: DIGEST, kind: 'untagged' },
    ],
    [
      { action: 'INSERT', tag: '127.0.0.1:5000/configs/platform:v1' },
      { action: 'INSERT', repository: '127.0.0.1:5000/configs/platform', tag: 'v1', kind: 'image' },
    ],
  ])('reads %j', (body, expected) => {
    expect(parse(body)).toEqual(expected);
  });

  it.each([
    [`sha256-${HEX}.sig`, { kind: 'signature', subject: SUBJECT }],
    [`sha256-${HEX}.att`, { kind: 'attestation', subject: SUBJECT }],
    [`sha256-${HEX}.sbom`, { kind: 'sbom', subject: SUBJECT }],
    [`sha256-${HEX}`, { kind: 'referrers-fallback', subject: SUBJECT }],
    [`sha256-${HEX}.zip`, { kind: 'image' }],
    [`sha256-${HEX}.sig.sig`, { kind: 'image' }],
    [`sha256-${HEX.toUpperCase()}.sig`, { kind: 'image' }],
    [`sha256-${HEX.slice(1)}.sig`, { kind: 'image' }],
    [`xsha256-${HEX}.sig`, { kind: 'image' }],
    [`sha512-${HEX}.sig`, { kind: 'image' }],
    ['__proto__', { kind: 'image' }],
  ])('takes the tag %s for %j', (tag, expected) => {
    const body = { action: 'INSERT', tag: `${REPOSITORY}:${tag}` };
    expect(parse(body)).toEqual({ action: 'INSERT', repository: REPOSITORY, tag, ...expected });
  });

  it.each([
    ['neither key', { action: 'INSERT' }],
    ['no action', { tag: `${REPOSITORY}:1` }],
    ['another action', { action: 'UPDATE', tag: `${REPOSITORY}:1` }],
    ['an action in lower case', { action: 'insert', tag: `${REPOSITORY}:1` }],
    ['a tag that is no text', { action: 'INSERT', tag: 1 }],
    ['a bare tag', { action: 'INSERT', tag: '1.1:' }],
    ['a tag key without a tag', { action: 'INSERT', tag: REPOSITORY }],
    ['a tag key with a digest', { action: 'INSERT', tag: `${REPOSITORY}:1@${DIGEST}` }],
    ['a bare digest', { action: 'INSERT', digest: DIGEST }],
    ['a digest key with a tag', { action: 'INSERT', digest: `${REPOSITORY}:1@${DIGEST}` }],
    ['a digest key without a digest', { action: 'INSERT', digest: `${REPOSITORY}:1` }],
    ['upper-case hex', { action: 'INSERT', digest: `${REPOSITORY}@${DIGEST.toUpperCase()}` }],
    [
      'two repositories',
      { action: 'INSERT', digest: `${REPOSITORY}@${DIGEST}`, tag: 'a.test/b:1' },
    ],
    ['a path that climbs', { action: 'INSERT', tag: 'us-docker.pkg.dev/../x:1' }],
    ['a list', []],
    ['null', 'null'],
    ['no JSON', 'INSERT'],
    ['nothing', ''],
    ['too much', { action: 'INSERT', tag: `${REPOSITORY}:1`, x: 'x'.repeat(9_000) }],
  ])('refuses %s', async (_, body) => {
    const failure = await failureOf((async () => parse(body))());
    expect(failure).toMatchObject({ code: 'bad-request', retry: false });
  });
});
