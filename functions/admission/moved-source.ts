import { isDeepStrictEqual } from 'node:util';
import { readSource } from '#shared/configsync/read-source.ts';
import type { SyncObject } from './schema.ts';

/** Whether an update makes the object follow another source than the old one did. */
export function isMovedSource(object: SyncObject, oldObject: SyncObject | undefined): boolean {
  if (oldObject === undefined) return false;
  return !isDeepStrictEqual(readSource(object.spec), readSource(oldObject.spec));
}

/**
 * Whether it follows another chart now. Of a chart the value of `image-to-sync` tells repository and version, and not
 * which chart (facts/config-sync.md section 2): the same value then means another chart, and Config Sync announces it
 * as one that stays as it was.
 */
export function isMovedChart(object: SyncObject, oldObject: SyncObject | undefined): boolean {
  return readSource(object.spec).type === 'helm' && isMovedSource(object, oldObject);
}
