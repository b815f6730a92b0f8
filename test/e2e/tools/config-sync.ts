/** Config Sync's binaries and manifests, which are on no module proxy and in no package. Throws without them. */
export function requireFolder(env: Readonly<Record<string, string | undefined>>): string {
  const folder = env['COUNTERSIGN_CONFIG_SYNC'] ?? '';
  if (folder !== '') return folder;
  throw new Error(
    'COUNTERSIGN_CONFIG_SYNC names no folder with the real Config Sync: docs/local-world.md says how to build it',
  );
}
