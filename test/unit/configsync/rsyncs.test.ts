import { describe, expect, it } from 'vitest';
import { buildPatchBody, createRSyncs } from '#shared/configsync/rsyncs.ts';
import { buildRSync } from '#test/fixtures/rsync.ts';
import { fakeApi } from './fake-api.ts';
import { HEX, IMAGE, rootSync } from './objects.ts';

const ANNOTATIONS = { 'countersign.dev/approved': `sha256:${HEX}` };
const rsyncs = createRSyncs({ onUnreadable: () => {} });

describe('buildPatchBody()', () => {
  it('holds the annotations and the version they were decided from, and nothing else', () => {
    const body = buildPatchBody({ resourceVersion: '41' }, { annotations: ANNOTATIONS });
    expect(body).toEqual({ metadata: { resourceVersion: '41', annotations: ANNOTATIONS } });
  });

  it('changes the image alone of the spec, under pin', () => {
    const image = `${IMAGE}@sha256:${HEX}`;
    const body = buildPatchBody({ resourceVersion: '41' }, { annotations: ANNOTATIONS, image });
    expect(body.spec).toEqual({ oci: { image } });
  });

  it('changes the version alone of a chart, under pin', () => {
    const patch = { annotations: ANNOTATIONS, version: '1.2.3' };
    const body = buildPatchBody({ resourceVersion: '41' }, patch);
    expect(body.spec).toEqual({ helm: { version: '1.2.3' } });
  });
});

describe('createRSyncs()', () => {
  it('writes with our field manager, which is not Config Sync’s', async () => {
    const { api, calls } = fakeApi({});
    const rsync = buildRSync({ resourceVersion: '41' });
    await rsyncs.write(api, rsync, { annotations: ANNOTATIONS });
    expect(calls).toEqual([
      [
        'patch',
        rsync.ref,
        { metadata: { resourceVersion: '41', annotations: ANNOTATIONS } },
        { fieldManager: 'countersign' },
      ],
    ]);
  });

  it('reads one, and says when it is gone', async () => {
    const { ref } = buildRSync();
    const there = await rsyncs.read(fakeApi({ get: () => rootSync() }).api, ref);
    expect(there?.resourceVersion).toBe('41');
    expect(await rsyncs.read(fakeApi({}).api, ref)).toBeUndefined();
  });

  it('reports which objects of which cluster it left out', async () => {
    const told: unknown[] = [];
    const listing = createRSyncs({ onUnreadable: (...args) => told.push(args) });
    const { api } = fakeApi({ list: (kind) => ({ items: kind === 'RootSync' ? [{}] : [] }) });
    expect(await listing.list(api)).toEqual([]);
    expect(told).toEqual([['cluster-1', expect.stringContaining('metadata')]]);
  });
});
