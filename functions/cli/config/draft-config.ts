/** What `config init` is given; everything else of a config has a default, or follows from this. */
export interface Draft {
  readonly fleet:
    | { readonly projects: readonly string[] }
    | { readonly kubeconfig: string; readonly contexts: readonly string[] };
  /** Patterns of `images[].match`. */
  readonly images: readonly string[];
  readonly effect: 'pin' | 'gate';
  readonly signer: { readonly key: string } | { readonly issuer: string; readonly subject: string };
  /** The Google project of topics, store and callers; absent: all of it is on one machine. */
  readonly project?: string;
  /** The user name that Countersign has in the clusters. */
  readonly identity: string;
}

/** The config file of a draft: each key with the reason for it, and what people usually add later. */
export function draftConfig(draft: Draft): string {
  const { images, effect, identity, project } = draft;
  return `# yaml-language-server: $schema=./countersign.schema.json
# Written by \`countersign config init\`. Every key is in docs/config.md; \`countersign config check\` finds what is wrong.
apiVersion: countersign.dev/v1

${fleetText(draft.fleet)}
# The first entry that matches an image decides; the gate refuses what none names.
# pin: Countersign writes the verified digest into the spec. gate: another party owns the spec, and only digests that
# Countersign has approved get past the gate.
images:
${images.map((match) => `  - { match: ${scalar(match)}, trust: release, effect: ${effect} }\n`).join('')}unmatched: deny
# Sources that announce nothing, git among them.
otherSources: deny

# Who must have signed. More authorities may be listed; \`require: 2\` asks for signatures of two of them.
trust:
  release:
    authorities:
${signerText(draft.signer)}
${project === undefined ? ownMachine() : inProject(project)}
# \`countersign preflight\` shows what the gate would refuse today, \`countersign gate apply\` puts it in place.
gate:
  identity: ${scalar(identity)}
  # Who may let one digest past the gate in an emergency.
  breakGlass: []
`;
}

function fleetText(fleet: Draft['fleet']): string {
  if ('projects' in fleet) {
    return `# Every membership of these fleets is looked after; add labelSelector: "env in (staging, prod)" for some of them.
fleet:
  gkeHub: { projects: [${fleet.projects.map(scalar).join(', ')}] }
`;
  }
  return `# Every context is a cluster. Labels, for \`clusters\` of images and stages, are given here: labels: { edge-1: { env: prod } }
fleet:
  kubeconfig:
    path: ${scalar(fleet.kubeconfig)}
    contexts: [${fleet.contexts.map(scalar).join(', ')}]
`;
}

function signerText(signer: Draft['signer']): string {
  if ('issuer' in signer) {
    return `      - name: release
        keyless:
          issuer: ${scalar(signer.issuer)}
          subject: ${scalar(signer.subject)}
`;
  }
  const { key } = signer;
  const where = key.startsWith('gcpkms://') ? `kms: ${scalar(key)}` : `file: ${scalar(key)}`;
  return `      - name: release-key
        key: { ${where} }
        # A key of your own is trusted without a public log. Remove this line where signers upload to one.
        transparencyLog: ignore
`;
}

const TOPICS = {
  tasks: 'tasks',
  sweepTasks: 'sweep-tasks',
  resyncTasks: 'resync-tasks',
  status: 'status',
  deadLetters: 'dead-letters',
};

function topicsText(project: string): string {
  const lines = Object.entries(TOPICS).map(
    ([name, topic]) => `  ${name}: ${scalar(`projects/${project}/topics/countersign-${topic}`)}\n`,
  );
  return `topics:\n${lines.join('')}`;
}

/** Names are those that infra/terraform gives. */
function inProject(project: string): string {
  const callers = { push: 'events', cluster: 'tasks', sweep: 'clock' };
  const lines = Object.entries(callers).map(
    ([name, account]) =>
      `  ${name}: { mode: iam, audience: ${scalar(`https://countersign-${name}.${project}.internal`)}, emails: [${scalar(`countersign-${account}@${project}.iam.gserviceaccount.com`)}] }\n`,
  );
  return `# Names as infra/terraform makes them.
${topicsText(project)}
# What is remembered between passes; losing it costs one full sweep.
store: { firestore: { project: ${scalar(project)}, database: countersign } }

# Who may call each function. Of the API viewers may look, and invokers may resync, freeze and hold.
access:
${lines.join('')}  api: { mode: verify, audience: ${scalar(`https://countersign-api.${project}.internal`)}, viewers: [], invokers: [${scalar(`countersign-caller@${project}.iam.gserviceaccount.com`)}] }
`;
}

function ownMachine(): string {
  return `# Of the Pub/Sub that PUBSUB_EMULATOR_HOST names; write your project where it is Google's.
${topicsText('local')}
# What is remembered between passes; losing it costs one full sweep.
store: { sqlite: { path: ./store.sqlite } }

# Anyone may call: each function then refuses to listen on more than loopback.
access:
  push: { mode: none }
  cluster: { mode: none }
  sweep: { mode: none }
  api: { mode: none }
`;
}

/** What YAML reads as this very text, in a list in brackets too. */
const PLAIN = /^[A-Za-z][A-Za-z0-9_./@*-]*(?::[A-Za-z0-9_./@*-]+)*$/;
const WORDS = new Set(['true', 'false', 'null', 'yes', 'no', 'on', 'off']);

function scalar(text: string): string {
  return PLAIN.test(text) && !WORDS.has(text.toLowerCase()) ? text : JSON.stringify(text);
}
