import { parseDuration } from './duration.ts';
import type { Lifetime } from './lifetime.ts';
import { HELM_PERIOD, OCI_PERIOD } from './limits.ts';
import type { Pace } from './pace.ts';
import { isStatic, pullChart } from './pull-chart.ts';
import { isPinned, pullImage } from './pull-image.ts';
import type { Spec } from './schema.ts';
import { type SourceState, startSourceSync } from './source-sync.ts';

/** The container beside the reconciler that brings its source. */
export interface Source {
  readonly container: 'oci-sync' | 'helm-sync' | 'git-sync';
  readonly state: () => SourceState;
}

/**
 * Starts the container for a valid spec. There is no git in the local world: its state is a failure that says so,
 * rather than a sync that never happened.
 */
export function startSource(spec: Spec, deps: { pace: Pace; lifetime: Lifetime }): Source {
  const { sourceType, oci, helm } = spec;
  switch (sourceType) {
    case 'oci': {
      const image = oci?.image ?? '';
      const period = isPinned(image) ? undefined : periodOf(oci?.period, OCI_PERIOD);
      const { state } = startSourceSync({ ...deps, pull: pullImage(image), period });
      return { container: 'oci-sync', state };
    }
    case 'helm': {
      const { repo = '', chart = '', version = '' } = helm ?? {};
      const period = isStatic(version) ? undefined : periodOf(helm?.period, HELM_PERIOD);
      const pull = pullChart({ repo, chart, version });
      return { container: 'helm-sync', state: startSourceSync({ ...deps, pull, period }).state };
    }
    case 'git': {
      const why = 'git is not in the local world; use an OCI source';
      return { container: 'git-sync', state: () => ({ type: 'failed', why }) };
    }
  }
}

// A period of zero means the default (facts/config-sync.md section 1).
function periodOf(text: string | undefined, otherwise: number): number {
  return (text === undefined ? undefined : parseDuration(text)) || otherwise;
}
