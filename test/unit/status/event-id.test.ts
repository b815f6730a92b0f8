import { describe, expect, it } from 'vitest';
import { eventIdOf } from '#shared/status/encode.ts';
import type { ImageEvent, StatusEvent, SyncEvent } from '#shared/status/events.ts';
import {
  clusterEvent,
  imageEvent,
  resyncEvent,
  sweepEvent,
  syncEvent,
} from '#test/fixtures/status-events.ts';

const SYNC: SyncEvent = syncEvent('sync.synced');
const IMAGE: ImageEvent = imageEvent('image.verified');

describe('eventIdOf()', () => {
  it('is 64 hex digits, pinned so that an upgrade does not repeat every event', () => {
    expect(eventIdOf(SYNC)).toBe(
      '015428726d9a44c52f129014b111a7980f76cacd7a4b959c8412cdfd46c14af3',
    );
  });

  it('is the same for a retry, whatever the order of keys and however the text came out', () => {
    const retry: SyncEvent = {
      ...SYNC,
      replaced: {
        since: '2026-11-22T04:00:00.000Z',
        digest: `sha256:${'a'.repeat(64)}`,
        phase: 'Approved',
      },
      severity: 'WARNING',
      data: { ...SYNC.data, message: 'other words', since: '2026-11-22T06:00:00.000Z', errors: [] },
    };
    expect(eventIdOf(retry)).toBe(eventIdOf(SYNC));
  });

  it('is the same before and after the failure was marked as about to be published', () => {
    const replaced = { phase: 'Approved', since: '2026-11-22T04:00:00.000Z' } as const;
    const failure = { phase: 'Failed', since: '2026-11-22T05:00:00.000Z' } as const;
    const event = { ...SYNC, type: 'sync.failed', replaced } as const;
    expect(eventIdOf({ ...event, replaced: { ...replaced, failure } })).toBe(eventIdOf(event));
  });

  const later = { phase: 'Approved', since: '2026-11-23T00:00:00.000Z' } as const;
  const others: readonly [string, StatusEvent][] = [
    ['another type', { ...SYNC, type: 'sync.failed' }],
    ['another image', { ...SYNC, data: { ...SYNC.data, image: 'r.example/other:v1' } }],
    ['another digest', { ...SYNC, data: { ...SYNC.data, digest: `sha256:${'b'.repeat(64)}` } }],
    ['another cluster', { ...SYNC, data: { ...SYNC.data, cluster: 'c2' } }],
    ['an RSync made anew under its name', { ...SYNC, uid: 'uid-2' }],
    ['a later episode', { ...SYNC, replaced: later }],
    ['a first look', { ...SYNC, replaced: undefined }],
  ];
  it.each(others)('differs for %s', (_case, other) => {
    expect(eventIdOf(other)).not.toBe(eventIdOf(SYNC));
  });

  it('distinguishes one push of an image from the next', () => {
    expect(eventIdOf({ ...IMAGE, cause: 'message-8' })).not.toBe(eventIdOf(IMAGE));
    expect(eventIdOf({ ...IMAGE })).toBe(eventIdOf(IMAGE));
  });

  it('distinguishes one outage of a cluster from the next', () => {
    const event = clusterEvent('cluster.unreachable');
    const next = { ...event, replaced: { phase: 'Reachable', since: later.since } } as const;
    expect(eventIdOf(next)).not.toBe(eventIdOf(event));
  });

  it.each([resyncEvent(), sweepEvent()])(
    'distinguishes one $type from the next by its id',
    (event) => {
      const next: StatusEvent =
        event.type === 'sweep.completed'
          ? { ...event, data: { ...event.data, id: 'other' } }
          : { ...event, data: { ...event.data, id: 'other' } };
      expect(eventIdOf(next)).not.toBe(eventIdOf(event));
    },
  );
});
