import { defined } from '#shared/core/defined.ts';
import { shellWord } from '#shared/core/shell-word.ts';
import { type CauseKind, SEVERITY_OF } from '#shared/overview/causes.ts';
import type { Tally } from '#shared/store/store.ts';
import type { Need } from './operation.ts';
import { sayCause } from './sentences.ts';

type Counted = Tally['causes'][number];

/** What to do about a cause: who can end it, the section of the runbook, and the command that shows more. */
interface Way {
  readonly waitsFor: string;
  readonly runbook: string;
  readonly command: (cause: Counted) => string | undefined;
}

const OPERATOR = 'an operator';
const SIGNER = 'the signer of the image';
const PUSHER = 'the pusher of the image';

const WAYS: Readonly<Record<CauseKind, Way>> = {
  unguarded: { waitsFor: OPERATOR, runbook: 'sync-unguarded', command: explain },
  'break-glass': { waitsFor: OPERATOR, runbook: 'glass-broken', command: explain },
  untrusted: { waitsFor: SIGNER, runbook: 'image-untrusted', command: verify },
  unusable: { waitsFor: PUSHER, runbook: 'image-untrusted', command: verify },
  refused: { waitsFor: PUSHER, runbook: 'sync-refused', command: explain },
  blocked: { waitsFor: OPERATOR, runbook: 'sync-blocked', command: explain },
  failed: { waitsFor: PUSHER, runbook: 'sync-failed', command: explain },
  stalled: { waitsFor: 'the owner of the RSync', runbook: 'sync-failed', command: explain },
  unapproved: { waitsFor: OPERATOR, runbook: 'before-anything-else', command: explain },
  forbidden: {
    waitsFor: 'an operator of the cluster',
    runbook: 'cluster-unreachable',
    command: list,
  },
  unreachable: {
    waitsFor: 'an operator of the cluster',
    runbook: 'cluster-unreachable',
    command: list,
  },
  'no-config-sync': {
    waitsFor: 'an operator of the cluster',
    runbook: 'cluster-unreachable',
    command: list,
  },
  unchecked: { waitsFor: OPERATOR, runbook: 'image-unchecked', command: verify },
  unsettled: { waitsFor: OPERATOR, runbook: 'before-anything-else', command: explain },
  incomplete: { waitsFor: SIGNER, runbook: 'signature-missing', command: verify },
  unsigned: { waitsFor: SIGNER, runbook: 'signature-missing', command: verify },
};

/** A cause as something that a person can do something about. */
export function needOfCause(cause: Counted): Need {
  const { kind, detail, image, phase, reason, clusters, syncs, running, since } = cause;
  const { waitsFor, runbook, command } = WAYS[kind];
  return defined({
    kind,
    severity: SEVERITY_OF[kind],
    title: sayCause(cause),
    detail,
    image,
    phase,
    reason,
    clusters,
    syncs,
    examples: cause.examples.map((example) => ({ ...example })),
    running,
    since,
    waitsFor,
    command: command(cause),
    runbook: runbookOf(runbook),
  });
}

/** A section of the runbook, as a path of this repository. */
export function runbookOf(section: string): string {
  return `docs/runbook.md#${section}`;
}

function explain({ examples: [example] }: Counted): string | undefined {
  if (example?.sync === undefined) return undefined;
  return `countersign explain ${shellWord(example.cluster)} ${shellWord(example.sync)}`;
}

function verify({ image }: Counted): string | undefined {
  return image === undefined ? undefined : `countersign verify ${shellWord(image)}`;
}

function list({ phase }: Counted): string | undefined {
  return phase === undefined ? undefined : `countersign status --phase ${phase}`;
}
