import { describe, expect, it } from 'vitest';
import { nomosRow } from '#shared/configsync/nomos-status.ts';
import { readRSync } from '#shared/configsync/read-rsync.ts';

const SECRET = 'hunter2';
const GIT = { branch: 'main' };
const OCI = { dir: '.' };

function rsync(spec: unknown, message = ''): unknown {
  return {
    kind: 'RepoSync',
    metadata: { name: 'repo-sync', namespace: 'team-a', uid: 'u', resourceVersion: '1' },
    spec,
    status: {
      source: { errors: [{ code: '2004', errorMessage: message }] },
      conditions: [
        { type: 'Syncing', status: 'False', errorSourceRefs: ['status.source.errors'] },
        { type: 'Stalled', status: 'Unknown', reason: '', message },
      ],
    },
  };
}

describe('what an RSync shows of its source', () => {
  it.each([
    ['git', { sourceType: 'git', git: { ...GIT, repo: `https://me:${SECRET}@host/x` } }],
    ['git with a token for a user', { git: { ...GIT, repo: `https://${SECRET}@host/x` } }],
    ['git by ssh', { git: { ...GIT, repo: `ssh://git:${SECRET}@host/x` } }],
    ['git without a scheme', { git: { ...GIT, repo: `me:${SECRET}@host:acme/x` } }],
    ['git with a query', { git: { ...GIT, repo: `https://host/x?private_token=${SECRET}` } }],
    ['git with a blank in the password', { git: { ...GIT, repo: `https://me:a ${SECRET}@host/` } }],
    ['git with a quote in the query', { git: { ...GIT, repo: `https://h/x?a='${SECRET}` } }],
    ['helm', { sourceType: 'helm', helm: { repo: `https://me:${SECRET}@h/c`, chart: 'shop' } }],
    [
      'helm with a query',
      { sourceType: 'helm', helm: { repo: `https://h/c?t=${SECRET}`, chart: 's' } },
    ],
    [
      'helm by oci',
      { sourceType: 'helm', helm: { repo: `oci://me:${SECRET}@h.test/c`, chart: 's' } },
    ],
    ['oci', { sourceType: 'oci', oci: { ...OCI, image: `me:${SECRET}@host.test/x:v1` } }],
    [
      'oci with a scheme',
      { sourceType: 'oci', oci: { ...OCI, image: `https://me:${SECRET}@h.t/x` } },
    ],
    [
      'oci with a query',
      { sourceType: 'oci', oci: { ...OCI, image: `host.test/x?token=${SECRET}` } },
    ],
  ])('has no password of %s', (_, spec) => {
    const read = readRSync(rsync(spec));
    expect(JSON.stringify(nomosRow(read))).not.toContain(SECRET);
    const problem = read.source.type === 'invalid' ? read.source.problem : '';
    expect(problem).not.toContain(SECRET);
  });

  it('has none in an error of Config Sync either', () => {
    const message = `fatal: unable to access 'https://me:${SECRET}@host/x/?t=${SECRET}': 403`;
    const read = readRSync(rsync({ git: { repo: 'https://host/x' } }, message));
    expect(JSON.stringify(read)).not.toContain(SECRET);
    expect(read.status.source.errors[0]?.message).toBe(
      "fatal: unable to access 'https://host/x/': 403",
    );
  });
});
