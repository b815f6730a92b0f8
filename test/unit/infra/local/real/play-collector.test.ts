import { expect, it, vi } from 'vitest';
import type { KubeCall } from '#infra/local/real/kube-request.ts';
import { playCollector } from '#infra/local/real/play-collector.ts';
import { PATIENCE } from '#test/patience.ts';

const DELETED = '2026-01-01T00:00:00Z';
const FOREGROUND = 'foregroundDeletion';

it('takes the finalizer of the garbage collector off what is deleted in the foreground, and no other', async () => {
  const calls: KubeCall[] = [];
  const deployments = [
    { metadata: { name: 'alive', namespace: 'n', finalizers: [FOREGROUND] } },
    { metadata: { name: 'held', namespace: 'n', deletionTimestamp: DELETED, finalizers: ['x/y'] } },
    {
      metadata: {
        name: 'both',
        namespace: 'n',
        deletionTimestamp: DELETED,
        finalizers: [FOREGROUND, 'x/y'],
      },
    },
    { metadata: { name: 'only', deletionTimestamp: DELETED, finalizers: [FOREGROUND] } },
  ];
  const stopping = new AbortController();
  const playing = playCollector(async (call) => {
    calls.push(call);
    const items = call.path === '/apis/apps/v1/deployments' ? deployments : [];
    return { status: 200, headers: {}, body: { items } };
  }, stopping.signal);
  const patches = () => calls.filter(({ method }) => method === 'PATCH');
  await vi.waitFor(() => expect(patches().length).toBeGreaterThanOrEqual(2), PATIENCE);
  stopping.abort();
  await playing;
  expect(patches().slice(0, 2)).toEqual([
    {
      method: 'PATCH',
      path: '/apis/apps/v1/namespaces/n/deployments/both',
      type: 'application/merge-patch+json',
      body: { metadata: { finalizers: ['x/y'] } },
    },
    {
      method: 'PATCH',
      path: '/apis/apps/v1/deployments/only',
      type: 'application/merge-patch+json',
      body: { metadata: { finalizers: null } },
    },
  ]);
});

it('ends a namespace that is deleted, and no other', async () => {
  const calls: KubeCall[] = [];
  const namespaces = [
    { metadata: { name: 'stays' } },
    { metadata: { name: 'goes', deletionTimestamp: DELETED, resourceVersion: '7' } },
  ];
  const stopping = new AbortController();
  const playing = playCollector(async (call) => {
    calls.push(call);
    const items = call.path === '/api/v1/namespaces' ? namespaces : [];
    return { status: 200, headers: {}, body: { items } };
  }, stopping.signal);
  const puts = () => calls.filter(({ method }) => method === 'PUT');
  await vi.waitFor(() => expect(puts().length).toBeGreaterThanOrEqual(1), PATIENCE);
  stopping.abort();
  await playing;
  expect(puts()[0]).toMatchObject({
    path: '/api/v1/namespaces/goes/finalize',
    body: { metadata: { name: 'goes', resourceVersion: '7' }, spec: { finalizers: [] } },
  });
});
