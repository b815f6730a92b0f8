import { type Emulator, startEmulator } from './emulator.ts';

/** Google's Firestore emulator. `command` is another one only in tests of what is missing. */
export function startFirestoreEmulator(command = 'gcloud'): Promise<Emulator> {
  return startEmulator({
    name: 'The Firestore emulator',
    command,
    args: ['emulators', 'firestore', 'start'],
    readyPath: '/',
    remedy:
      'get it with `gcloud components install cloud-firestore-emulator`, or with Debian packages ' +
      '`google-cloud-cli` and `google-cloud-cli-firestore-emulator` (Java 17 or newer)',
  });
}
