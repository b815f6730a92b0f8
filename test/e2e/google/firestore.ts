import { type Call, type Fields, ok, operation, refusal, type Reply } from './model.ts';

/** Firestore's databases, what is indexed in them, and their backups; documents are an emulator's (clusters.ts). */
export interface Firestore {
  /** Undefined: the call is of another API, or like all others. */
  handle(call: Call): Reply | undefined;
}

export function createFirestore(resources: Map<string, Fields>): Firestore {
  let count = 0;

  const ways: Readonly<Record<string, (call: Call) => Reply>> = {
    'firestore.projects.databases.delete': ({ name }) => {
      const database = resources.get(`firestore/${name}`);
      if (database?.['deleteProtectionState'] === 'DELETE_PROTECTION_ENABLED') {
        return refusal(400, 'FAILED_PRECONDITION', `${name} has delete protection enabled.`);
      }
      for (const key of resources.keys())
        if (key === `firestore/${name}` || key.startsWith(`firestore/${name}/`))
          resources.delete(key);
      return operation({});
    },
    'firestore.projects.databases.collectionGroups.fields.patch': ({ name, body }) => {
      resources.set(`firestore/${name}`, { ...Object(body), name });
      return operation({ ...Object(body), name });
    },
    // A database that is not there has no schedule; one has at most one of each recurrence.
    'firestore.projects.databases.backupSchedules.create': ({ name, body }) => {
      if (!resources.has(`firestore/${name}`))
        return refusal(404, 'NOT_FOUND', `Database '${name}' not found`);
      count += 1;
      const schedule = { ...Object(body), name: `${name}/backupSchedules/${count}` };
      resources.set(`firestore/${schedule.name}`, schedule);
      return ok(schedule);
    },
    'firestore.projects.databases.backupSchedules.delete': ({ name }) => {
      resources.delete(`firestore/${name}`);
      return ok({});
    },
    'firestore.projects.databases.backupSchedules.patch': ({ name, body }) => {
      const schedule = { ...resources.get(`firestore/${name}`), ...Object(body), name };
      resources.set(`firestore/${name}`, schedule);
      return ok(schedule);
    },
  };
  return { handle: (call) => ways[call.method]?.(call) };
}
