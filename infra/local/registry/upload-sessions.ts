import { randomUUID } from 'node:crypto';
import { joinChunks } from './body.ts';
import { digestOf } from './digest.ts';
import { RegistryError } from './errors.ts';
import { BLOB_LIMIT, UPLOAD_LIFETIME, UPLOADS_LIMIT } from './limits.ts';
import type { Store } from './store.ts';

/** An upload under way. Only its repository can continue it. */
export interface UploadSession {
  readonly id: string;
  readonly name: string;
  readonly size: number;
}

export interface UploadSessions {
  /** Begins an upload; TOOMANYREQUESTS when too many are under way. */
  begin(name: string): UploadSession;
  /** The upload; BLOB_UPLOAD_UNKNOWN when it never was, is over, or belongs to another repository. */
  find(name: string, id: string): UploadSession;
  /** Adds bytes at the end; SIZE_INVALID past the limit of a blob. */
  append(session: UploadSession, chunks: readonly Uint8Array<ArrayBuffer>[]): void;
  /** Ends an upload with its bytes, still reserved in the store; DIGEST_INVALID, and all is dropped, when they are others. */
  finish(session: UploadSession, digest: string): Uint8Array<ArrayBuffer>;
  cancel(session: UploadSession): void;
}

interface Upload extends UploadSession {
  size: number;
  touchedAt: number;
  readonly chunks: Uint8Array<ArrayBuffer>[];
}

/** Uploads under way, in memory; abandoned ones are dropped when the next one begins. */
export function createUploadSessions(deps: { store: Store; clock: () => Date }): UploadSessions {
  const { store, clock } = deps;
  const uploads = new Map<string, Upload>();

  function drop(upload: UploadSession): void {
    if (uploads.delete(upload.id)) store.release(upload.size);
  }

  function require(name: string, id: string): Upload {
    const upload = uploads.get(id);
    if (upload?.name === name) return upload;
    throw new RegistryError('BLOB_UPLOAD_UNKNOWN', 'Upload is unknown; begin a new one', {
      detail: { id },
    });
  }

  return {
    begin(name) {
      const now = clock().getTime();
      for (const old of uploads.values()) {
        if (now - old.touchedAt > UPLOAD_LIFETIME) drop(old);
      }
      if (uploads.size >= UPLOADS_LIMIT) {
        throw new RegistryError('TOOMANYREQUESTS', 'Too many uploads are under way; finish some');
      }
      const upload: Upload = { id: randomUUID(), name, size: 0, touchedAt: now, chunks: [] };
      uploads.set(upload.id, upload);
      return upload;
    },
    find: require,
    append(session, chunks) {
      const upload = require(session.name, session.id);
      const added = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
      if (upload.size + added > BLOB_LIMIT) {
        throw new RegistryError('SIZE_INVALID', `Blob must be at most ${BLOB_LIMIT} bytes`);
      }
      store.reserve(added);
      upload.size += added;
      upload.touchedAt = clock().getTime();
      upload.chunks.push(...chunks);
    },
    finish(session, digest) {
      const upload = require(session.name, session.id);
      const actual = digestOf(...upload.chunks);
      if (actual !== digest) {
        drop(upload);
        throw new RegistryError('DIGEST_INVALID', `Uploaded bytes have digest ${actual}`, {
          detail: { digest },
        });
      }
      uploads.delete(upload.id);
      return joinChunks(upload.chunks);
    },
    cancel: drop,
  };
}
