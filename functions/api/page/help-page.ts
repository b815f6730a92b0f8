import { html } from 'hono/html';
import type { Person } from '../check-person.ts';
import type { NeedKind, Overview } from '../overview/operation.ts';
import { layout } from './layout.ts';
import type { Markup } from './words.ts';

/** What each kind of need means, what to do, and the section of docs/runbook.md that says more. */
const KINDS: Readonly<
  Record<NeedKind, readonly [name: string, means: string, does: string, section: string]>
> = {
  unguarded: [
    'Runs without an approval',
    'Config Sync has synced a digest that Countersign has not approved: the gate is missing there, or a user with rights on the cluster went past it. This is what an attack looks like.',
    'Look at what runs and who announced it; install the gate; sign the digest if it is good, or move the tag to one that verifies.',
    'Sync unguarded',
  ],
  'break-glass': [
    'Break-glass',
    'A person named in gate.breakGlass lets one digest pass unapproved.',
    'Ask the person in the text for the reason. When the incident is over, remove the annotation and have the digest signed.',
    'Glass broken',
  ],
  'sweep-silent': [
    'No sweep',
    'The sweep, which makes good what was lost, has not begun for five minutes. Pushes still work; what is shown of a large fleet is old.',
    'See whether the Scheduler calls, and what the function sweep logs.',
    'Sweep is silent',
  ],
  'rollout-lost': [
    'A record is lost',
    'What a roll-out had decided is lost or unreadable. Nothing is newly approved for its image.',
    'Restore the records, or look at the fleet and resume.',
    'Rollout interrupted',
  ],
  'rollout-halted': [
    'A roll-out is halted',
    'Too many clusters of the stage failed or went out of reach, or its checks are bad.',
    'Look at what lags. Roll back if the digest is bad; resume, and ignore clusters, if it is not.',
    'Rollout halted',
  ],
  'rollout-back': [
    'A roll-out goes back',
    'Every cluster that has the digest is on its way back.',
    'Wait. Under effect gate the tag has to be moved by hand.',
    'Rollout halted',
  ],
  untrusted: [
    'An image is untrusted',
    'Signatures are there, and none that the policy accepts.',
    'Verify the image to see which candidate was refused why; sign the digest as the policy asks.',
    'Image untrusted',
  ],
  unusable: [
    'An image cannot be used',
    'Its tag or digest is absent, or its content is not a configuration.',
    'Push an image that can be synced.',
    'Image untrusted',
  ],
  refused: [
    'A source is refused',
    'The spec of the RSync itself is what cannot be verified.',
    'Correct the spec, as its explanation says.',
    'Sync refused',
  ],
  blocked: [
    'An admission check blocks it',
    'The digest is approved, and the cluster refuses the announcement all the same.',
    'Look at the gate and at other admission webhooks of the cluster.',
    'Sync blocked',
  ],
  failed: [
    'Config Sync fails on it',
    'The digest is approved, and its content cannot be applied.',
    'Correct the content and push again; or go back.',
    'Sync failed',
  ],
  stalled: [
    'Config Sync has stopped on it',
    'The spec of the RSync cannot be worked on.',
    'Correct the spec.',
    'Sync failed',
  ],
  unapproved: [
    'A rule keeps it away',
    'The digest verifies, and a rule of the config does not let it in, such as a tag that moved back.',
    'See its explanation; change the rule, or move the tag.',
    'Before anything else',
  ],
  forbidden: [
    'A cluster refuses access',
    'Countersign may not read its RSyncs.',
    'Apply the RBAC of the cluster again.',
    'Cluster unreachable',
  ],
  unreachable: [
    'A cluster is out of reach',
    'It does not answer. It goes on running what it runs, and nothing new gets there.',
    'See whether the cluster, its membership or the gateway is down.',
    'Cluster unreachable',
  ],
  'no-config-sync': [
    'A cluster has no Config Sync',
    'There are no RSyncs to look at.',
    'Install Config Sync, or take the membership out of the fleet.',
    'Cluster unreachable',
  ],
  unchecked: [
    'An image could not be checked',
    'The registry, a key or a trusted root could not be read.',
    'See the code of the failure; the next sweep tries it again.',
    'Image unchecked',
  ],
  unsettled: [
    'RSyncs cannot be looked at',
    'Looking at them has failed several times in a row.',
    'See the code of the failure, and the log of the function cluster.',
    'Before anything else',
  ],
  incomplete: [
    'It waits for another signature',
    'A trusted authority has signed, and the policy asks for more.',
    'Sign or attest the digest as the policy asks.',
    'Signature missing',
  ],
  unsigned: [
    'It waits for its signature',
    'There is no signature.',
    'Sign the digest with cosign; the signature resumes the push.',
    'Signature missing',
  ],
  'rollout-approval': [
    'A stage waits for an approval',
    'Its soak is over, and the next stage opens once a named person approves.',
    'Look at what it is, then approve it or roll it back.',
    'Rollout waits',
  ],
  'rollout-paused': [
    'A roll-out is paused',
    'A person paused it. Nothing more is approved, and a newer digest does not end it.',
    'Ask who paused it; resume, roll back, or abort.',
    'Rollout waits',
  ],
  freeze: [
    'Something is frozen',
    'A person keeps new digests away. What is approved stays approved.',
    'Ask who froze it; lift it when the reason is over.',
    'Freeze holds',
  ],
};

/** What each thing that needs a person means, and what to do about it. */
export function helpPage(person: Person, overview: Overview | undefined): Markup {
  return layout(
    { title: 'What to do', person, overview, path: '/help' },
    html`<h1>What to do</h1>
<p>Whatever is wrong with Countersign, clusters go on running what they run: what waits is what is new. <code class="command">countersign explain CLUSTER RSYNC</code> says why one RSync is not on its tag's digest.</p>
${Object.entries(KINDS).map(
  ([kind, [name, means, does, section]]) => html`<h2 id="${kind}">${name}</h2>
<p>${means}</p>
<p><strong>Do:</strong> ${does}</p>
<p class="small quiet">More in <code>docs/runbook.md</code>, “${section}”.</p>`,
)}`,
  );
}
