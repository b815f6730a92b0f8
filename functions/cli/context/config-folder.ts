import { join } from 'node:path';

/** The user's folder for settings of `countersign`: `COUNTERSIGN_CONFIG_HOME`, or where the platform keeps such. */
export function configFolder(
  env: Readonly<Record<string, string | undefined>>,
  { platform, home }: { readonly platform: NodeJS.Platform; readonly home: string },
): string {
  const { COUNTERSIGN_CONFIG_HOME: own, XDG_CONFIG_HOME: xdg, APPDATA: roaming } = env;
  if (own) return own;
  if (xdg) return join(xdg, 'countersign');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'countersign');
  if (platform === 'win32') return join(roaming || join(home, 'AppData', 'Roaming'), 'countersign');
  return join(home, '.config', 'countersign');
}
