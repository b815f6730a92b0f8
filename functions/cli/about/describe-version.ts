import { API_VERSION } from '#shared/config/schema.ts';
import { readRelease } from './installation.ts';

/** What a report of a fault should have. Time zones matter: windows and freezes are judged by these data. */
export async function describeVersion(): Promise<Readonly<Record<string, string>>> {
  const { version, commit } = await readRelease();
  const { node, tz = 'unknown' } = process.versions;
  const platform = `${process.platform}-${process.arch}`;
  return { version, commit, config: API_VERSION, timeZones: tz, node, platform };
}
