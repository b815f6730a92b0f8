import { type Emulator, startEmulator } from './emulator.ts';

/** Google's Pub/Sub emulator; project `local`. */
export function startPubsubEmulator(): Promise<Emulator> {
  return startEmulator({
    name: 'The Pub/Sub emulator',
    command: 'gcloud',
    args: ['beta', 'emulators', 'pubsub', 'start', '--project=local'],
    readyPath: '/v1/projects/local/topics',
    remedy:
      'get it with `gcloud components install beta pubsub-emulator`, or with Debian packages ' +
      '`google-cloud-cli` and `google-cloud-cli-pubsub-emulator` (Java 17 or newer)',
  });
}
