import { createClusterStore, type RecordDeps } from './firestore-clusters.ts';
import { createDocuments } from './firestore-documents.ts';
import { storeUnavailable } from './firestore-failure.ts';
import { DEFAULT_FIRESTORE_LIMITS, type FirestoreLimits } from './firestore-limits.ts';
import { createImageStore } from './firestore-images.ts';
import { createNoteStore } from './firestore-notes.ts';
import { createFirestoreRest, type FirestoreDeps } from './firestore-rest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { Store } from './store.ts';

export interface FirestoreStoreOptions extends Omit<FirestoreDeps, 'limits'> {
  readonly now: () => Date;
  readonly onUnreadable?: RecordDeps['onUnreadable'];
  readonly limits?: FirestoreLimits;
}

/**
 * The store in a Firestore database, for functions that run apart; docs/store.md says what the database needs. Throws
 * `store-unavailable` when Firestore does not do as asked after retries, `too-large` for a record that is.
 */
export function openFirestoreStore(options: FirestoreStoreOptions): Store {
  const { now, onUnreadable = ignore, limits = DEFAULT_FIRESTORE_LIMITS } = options;
  const documents = createDocuments(createFirestoreRest({ ...options, limits }));
  const deps = { documents, now, onUnreadable };
  const clusters = createClusterStore(deps);
  const images = createImageStore(deps);
  const notes = createNoteStore(deps);
  return {
    readCluster: (cluster) => guard(() => clusters.readCluster(cluster)),
    writeCluster: (record, condition) => guard(() => clusters.writeCluster(record, condition)),
    deleteCluster: (cluster) => guard(() => clusters.deleteCluster(cluster)),
    listClusters: (page) => guard(() => clusters.listClusters(page)),
    followers: (repository) => guard(() => clusters.followers(repository)),
    readImage: (key) => guard(() => images.readImage(key)),
    writeImage: (record, condition) => guard(() => images.writeImage(record, condition)),
    troubledTags: (limit) => guard(() => images.troubledTags(limit)),
    readNote: (kind, name) => guard(() => notes.readNote(kind, name)),
    writeNote: (kind, name, note) => guard(() => notes.writeNote(kind, name, note)),
    // Nothing is held open: connections are those of the process.
    close: () => Promise.resolve(),
  };
}

async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof CountersignError ? error : storeUnavailable(error);
  }
}

function ignore(): void {}
