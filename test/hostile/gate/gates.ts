import type { GateInput } from '#infra/kubernetes/gate/gate-input.ts';
import { identity, oncall } from '#test/fixtures/gate/case.ts';

const CONFIGS = 'us-docker.pkg.dev/acme/configs/**';
const CHARTS = 'us-docker.pkg.dev/acme/charts/*';

const gate: GateInput = {
  identity,
  breakGlass: [oncall],
  mayHold: 'countersign',
  images: [
    { match: CONFIGS, effect: 'gate' },
    { match: CHARTS, effect: 'gate' },
  ],
  unmatched: 'deny',
  otherSources: 'deny',
};

/** The configs that attacks are tried under. */
export const GATES = {
  gate,
  pin: {
    ...gate,
    images: [
      { match: 'us-docker.pkg.dev/acme/configs/held/*', effect: 'gate' },
      { match: CONFIGS, effect: 'pin' },
      { match: CHARTS, effect: 'pin' },
    ],
  },
  /** Pins on a way back, and takes that out again. */
  back: {
    ...gate,
    images: [
      { match: 'us-docker.pkg.dev/acme/configs/held/*', effect: 'gate' },
      { match: 'us-docker.pkg.dev/acme/pinned/*', effect: 'pin' },
      { match: CONFIGS, effect: 'gate', rollback: 'pin' },
      { match: CHARTS, effect: 'gate', rollback: 'pin' },
    ],
  },
  /** Judges as little as a config can ask for. */
  open: { ...gate, mayHold: 'anyone', unmatched: 'ignore', otherSources: 'ignore' },
} as const satisfies Readonly<Record<string, GateInput>>;

/** Which of `GATES`. */
export type GateName = keyof typeof GATES;
