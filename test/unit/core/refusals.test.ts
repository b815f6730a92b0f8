import { describe, expect, it } from 'vitest';
import { standingRefusals } from '#shared/core/sync-status.ts';
import type { SyncStatus } from '#shared/core/rsync.ts';
import { buildRSync, IMAGE, liveStatus, sourceError } from '#test/fixtures/rsync.ts';

const A = `sha256:${'a'.repeat(64)}` as const;
const B = `sha256:${'b'.repeat(64)}` as const;

function refs(
  status: SyncStatus,
  ...errorSources: ('source' | 'rendering' | 'sync')[]
): SyncStatus {
  const { syncing } = status;
  return syncing === undefined ? status : { ...status, syncing: { ...syncing, errorSources } };
}

const NEW = refs(sourceError(liveStatus(A), B, '2002'), 'source');
const LIVE = refs(sourceError(liveStatus(A), A, '2002'), 'source');

describe('standingRefusals()', () => {
  // Each status as the real Config Sync wrote it (test/contract/config-sync).
  it.each([
    ['a new digest, not approved', NEW, A, [A], ['2002']],
    [
      'a new digest, approved and announced by Countersign, yet still refused',
      NEW,
      B,
      [B, A],
      ['2002'],
    ],
    ['the live digest, withdrawn', LIVE, A, [], ['2002']],
    ['the live digest, approved again: until the next retry', LIVE, A, [A], []],
    ['a digest that fails at rendering since', refs(NEW, 'rendering'), B, [B], []],
    ['a digest whose sync fails too', refs(NEW, 'source', 'sync'), B, [B], ['2002']],
    ['a refusal of 403', refs(sourceError(liveStatus(A), B, '2013'), 'source'), A, [A], ['2013']],
    [
      'a pull that fails',
      refs(sourceError(liveStatus(A), undefined, '2004'), 'source'),
      A,
      [A],
      [],
    ],
    [
      'a condition of an older Config Sync',
      sourceError(liveStatus(A), B, '2002'),
      A,
      [A],
      ['2002'],
    ],
  ] as const)('%s', (_, status, announced, approved, codes) => {
    const imageToSync = `${IMAGE}@${announced}`;
    const rsync = buildRSync({
      status,
      annotations: { imageToSync, approved: approved.join(' ') },
    });
    const keys: readonly string[] = approved;
    const found = standingRefusals(rsync, (key) => keys.includes(key));
    expect(found.map(({ code }) => code)).toEqual(codes);
  });
});
