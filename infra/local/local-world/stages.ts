import { SEEDED_SYNCS } from './syncs.ts';

/** Roll-outs of the local world: seconds in place of hours. */
export interface LocalStages {
  /** Names of the clusters, in order: the first is the canary, the second comes early, the others are the rest. */
  readonly clusters: readonly string[];
  /** How long a stage must have been live before the next one opens. */
  readonly soakSeconds: number;
  /** Checks of the canary, as YAML in one line. */
  readonly checks?: string | undefined;
}

const [STAGED] = SEEDED_SYNCS;
const RINGS = ['canary', 'early'] as const;

/** The image that is rolled out in stages, `path` of its registry; the other one goes everywhere at once. */
const STAGED_PATH = STAGED.image.replace(/:[^:]*$/, '');

/** The parts of the config that say how the platform's image is rolled out, each with its own lines. */
export function describeStages({ clusters, soakSeconds, checks }: LocalStages): {
  readonly labels: string;
  readonly rollouts: string;
  image(of: { readonly registry: string; readonly effect: string }): string;
} {
  const labels = RINGS.flatMap((ring, index) => {
    const cluster = clusters[index];
    return cluster === undefined ? [] : [`      ${cluster}: { ring: ${ring} }\n`];
  });
  const stages = RINGS.map((ring) => {
    const asked = ring === 'canary' && checks !== undefined ? `, checks: ${checks}` : '';
    return `        - { name: ${ring}, clusters: "ring = ${ring}", soak: ${soakSeconds}s${asked} }\n`;
  });
  return {
    labels: `    # As a membership's labels are: they say in which stage a cluster is.\n    labels:\n${labels.join('')}`,
    image: ({ registry, effect }) =>
      `  # A new digest of this one reaches the clusters stage by stage.\n  - { match: "${registry}/${STAGED_PATH}", trust: release, effect: ${effect}, rollout: fleet }\n`,
    rollouts: `
# Each stage must have been live for its soak before the next one opens; one failure halts.
rollouts:
  strategies:
    fleet:
      stages:
${stages.join('')}        - { name: rest, maxConcurrency: 100% }
`,
  };
}
