/**
 * What Artifact Registry publishes to topic `gcr`, one message per manifest written or deleted, with full references
 * for values (facts/google-cloud.md section 1).
 */
export type Notification =
  | { readonly action: 'INSERT'; readonly digest: string; readonly tag?: string }
  | { readonly action: 'DELETE'; readonly tag: string }
  | { readonly action: 'DELETE'; readonly digest: string };

/** A manifest was pushed: by digest, or by tag (also when the tag pointed to it before). */
export function pushed(repository: string, digest: string, tag?: string): Notification {
  const reference = `${repository}@${digest}`;
  if (tag === undefined) return { action: 'INSERT', digest: reference };
  return { action: 'INSERT', digest: reference, tag: `${repository}:${tag}` };
}

/** A tag was deleted; its manifest stays. */
export function tagDeleted(repository: string, tag: string): Notification {
  return { action: 'DELETE', tag: `${repository}:${tag}` };
}

/** A manifest was deleted. */
export function manifestDeleted(repository: string, digest: string): Notification {
  return { action: 'DELETE', digest: `${repository}@${digest}` };
}

/** Hands notifications over; a push neither waits for that nor fails by it, as at Artifact Registry. */
export function createAnnouncer(deps: {
  notify: (notification: Notification) => Promise<void>;
  onError: (error: unknown) => void;
}): (notification: Notification) => void {
  return (notification) => {
    // A promise of our own, so that a `notify` that throws at once is reported like one that rejects.
    void Promise.resolve(notification).then(deps.notify).catch(deps.onError);
  };
}
