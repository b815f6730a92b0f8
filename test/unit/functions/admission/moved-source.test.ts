import { describe, expect, it } from 'vitest';
import type { Question } from '#functions/admission/ask.ts';
import { judgeRequest } from '#functions/admission/judge-request.ts';
import { IMAGE_TO_SYNC } from '#shared/core/annotations.ts';
import {
  CHARTS,
  digestOf,
  gitSync,
  helmSync,
  IMAGE,
  rootSync,
  type RSyncManifest,
} from '#test/fixtures/rsync-manifests.ts';
import { keyPolicy } from '#test/fakes/cosign.ts';

const CHART = { [IMAGE_TO_SYNC]: `oci://${CHARTS}@sha256:1.2.3` };
const OCI = { [IMAGE_TO_SYNC]: `${IMAGE}@${digestOf('a')}` };
const policy = keyPolicy([]);

/** The outcome of an update, and the repositories that were asked about; nothing is signed. */
async function judge(
  oldObject: RSyncManifest,
  object: RSyncManifest,
  unchanged: 'admit' | 'verify' = 'admit',
) {
  const asked: string[] = [];
  const request = {
    uid: 'a',
    operation: 'UPDATE',
    kind: { group: 'configsync.gke.io', version: 'v1beta1', kind: 'RootSync' },
    resource: { group: 'configsync.gke.io', version: 'v1beta1', resource: 'rootsyncs' },
    object,
    oldObject,
  };
  const { outcome } = await judgeRequest(request, 1_000, {
    rules: {
      match: () => ({ match: '**', trust: policy.name, effect: 'gate', downgrade: 'warn' }),
    },
    policies: new Map([[policy.name, policy]]),
    unmatched: 'deny',
    unchanged,
    ask: ({ announced }: Question) => {
      asked.push(announced.reference.repository);
      return Promise.resolve({ status: 'known', verdict: { status: 'unsigned' } });
    },
  });
  return { outcome, asked };
}

describe('a value that stays under another source', () => {
  it.each([
    ['another chart', helmSync(CHART), helmSync(CHART, { chart: 'other' }), `${CHARTS}/other`],
    ['a chart again', { ...gitSync(CHART) }, helmSync(CHART), `${CHARTS}/platform`],
    [
      'a version that is announced already',
      helmSync(CHART, { version: '1.2.4' }),
      helmSync(CHART, { version: '1.2.3' }),
      `${CHARTS}/platform`,
    ],
  ])('is judged when it means %s', async (_, before, after, repository) => {
    expect(await judge(before, after)).toEqual({ outcome: 'unsigned', asked: [repository] });
  });

  it.each([
    ['another version', helmSync(CHART), helmSync(CHART, { version: '1.2.4' })],
    ['another repository', helmSync(CHART), helmSync(CHART, { repo: `oci://${CHARTS}-2` })],
    [
      'another chart and version',
      helmSync(CHART),
      helmSync(CHART, { chart: 'b', version: '2.0.0' }),
    ],
    ['git', helmSync(CHART), gitSync(CHART)],
    ['an image', helmSync(CHART), rootSync(CHART)],
    ['another image', rootSync(OCI), rootSync(OCI, `${IMAGE}-2`)],
    ['a chart, after an image', rootSync(OCI), helmSync(OCI)],
    ['a source that cannot be read', helmSync(CHART), helmSync(CHART, { chart: 'a/b' })],
  ])('is left behind by %s, and passes', async (_, before, after) => {
    for (const unchanged of ['admit', 'verify'] as const) {
      const expected = { outcome: 'unchanged', asked: [] };
      expect(await judge(before, after, unchanged)).toEqual(expected);
    }
  });

  it('is not judged for what does not make it another chart', async () => {
    const after = helmSync(CHART);
    const spec = { ...after.spec, override: { reconcileTimeout: '10m' } };
    expect(await judge(helmSync(CHART), { ...after, spec })).toEqual({
      outcome: 'unchanged',
      asked: [],
    });
  });

  it('is refused where the source stayed as well, and never was of it', async () => {
    const forged = rootSync({ [IMAGE_TO_SYNC]: `elsewhere.example/a:v1@${digestOf('a')}` });
    expect(await judge(forged, forged, 'verify')).toEqual({ outcome: 'not-of-spec', asked: [] });
  });
});
