import { readCommandBase } from '#functions/wiring/base.ts';
import { openObjects } from '#functions/wiring/fleet.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import type { ObjectApi } from '#shared/fleet/object-api.ts';

/**
 * The clusters of the config, or of a kubeconfig in their place. Throws `bad-config`.
 *
 * @example
 * const fleet = await openObjectFleet('countersign.yaml', undefined);
 */
export async function openObjectFleet(
  configPath: string,
  kubeconfig: string | undefined,
): Promise<Fleet<ObjectApi>> {
  const base = await readCommandBase('gate', configPath);
  if (kubeconfig === undefined) return openObjects(base);
  const { budget } = base.config.fleet;
  const fleet = { type: 'kubeconfig', path: kubeconfig, contexts: [], labels: {} } as const;
  return openObjects({
    ...base,
    config: { ...base.config, fleet: { ...base.config.fleet, ...fleet, budget } },
  });
}
