import { html } from 'hono/html';
import { defined } from '#shared/core/defined.ts';
import { CLUSTER_PHASES } from '#shared/core/phase.ts';
import type { Person } from '../../check-person.ts';
import type { Need, Overview } from '../../overview/operation.ts';
import { numberOf, sayCount } from '../../overview/sentences.ts';
import { abbreviate, linkOf, type Markup, sinceThen, type Tone, toned } from '../words.ts';

/** Needs of the first screen: the rest is a click away. */
const FIRST = 12;

const SHOWN: Readonly<Record<Need['severity'], readonly [word: string, tone: Tone]>> = {
  emergency: ['Emergency', 'bad'],
  error: ['Wrong', 'bad'],
  warning: ['Warning', 'wait'],
  waiting: ['Waits', 'wait'],
};

interface NeedsInput {
  readonly overview: Overview;
  readonly person: Person;
  readonly now: Date;
  /** Show all of them. */
  readonly all: boolean;
}

/** What needs a person, the worst first, by cause: with what to do about it. */
export function needsSection({ overview, person, now, all }: NeedsInput): Markup {
  const { needs, left } = overview;
  const shown = all ? needs : needs.slice(0, FIRST);
  const more = needs.length - shown.length + left.causes;
  if (needs.length === 0) return html`<h2>What needs a person</h2><p>Nothing.</p>`;
  return html`<h2>What needs a person</h2>
<ol class="plain needs">${shown.map((need) => needItem(need, person, now))}</ol>
${more === 0 ? '' : html`<p class="onward">${all ? `${sayCount(more)} more are not listed.` : html`<a href="/?needs=all">${sayCount(more)} more</a>`}</p>`}`;
}

function needItem(need: Need, person: Person, now: Date): Markup {
  const { severity, title, detail, since, waitsFor, command, runbook, kind } = need;
  const [word, tone] = SHOWN[severity];
  return html`<li class="${tone}">
<div class="head">${toned(word, tone)} <h3>${abbreviate(title)}</h3></div>
<p class="meta">${detail === undefined ? '' : html`<span class="said">${abbreviate(detail)}</span> `}${since === undefined ? '' : html`<span>${sinceThen(since, now)}</span> `}${waitsFor === undefined ? '' : html`<span>waits for ${waitsFor}</span>`}</p>
<p class="do">${ways(need)}${actions(need, person)}${runbook === undefined ? '' : html`<a href="/help#${kind}">What to do</a>`}
${command === undefined ? '' : html`<code class="command">${command}</code>`}</p>
</li>`;
}

/** Where those are that it is about: of one it is that one, of many all of them, and the first few. */
function ways({ kind, rollout, image, phase, syncs, clusters, examples }: Need): Markup {
  if (rollout !== undefined) {
    return html`<a href="${linkOf('/rollout', { id: rollout })}">The roll-out</a>`;
  }
  if (kind === 'freeze') return html`<a href="/freezes">The freeze</a>`;
  if (phase === undefined) return html``;
  const ofCluster = CLUSTER_PHASES.some((name) => name === phase);
  const to = linkOf('/fleet', defined({ phase, image: ofCluster ? undefined : image }));
  const count = ofCluster ? numberOf(clusters, 'cluster') : numberOf(syncs, 'RSync');
  const [only, ...others] = examples;
  if (only !== undefined && others.length === 0 && only.sync !== undefined)
    return exampleLink(only, 0);
  const some =
    examples.length === 0
      ? ''
      : html` <span class="small quiet">such as ${examples.map(exampleLink)}</span>`;
  return html`<span><a href="${to}">Show ${count}</a>${some}</span>`;
}

/** The decision that would end it, one click away and behind a reason. */
function actions({ kind, rollout, stage, command = '' }: Need, { mayInvoke }: Person): Markup {
  const id = rollout ?? '';
  if (kind === 'rollout-approval') return act('approve', { id, stage }, 'Approve…');
  if (!mayInvoke) return html``;
  if (kind === 'rollout-halted') {
    return html`${act('resume', { id }, 'Resume…')} ${act('rollback', { id }, 'Roll back…')}`;
  }
  if (kind === 'rollout-paused') return act('resume', { id }, 'Resume…');
  if (kind === 'freeze') {
    const [, freeze = ''] = /^countersign unfreeze (\S+)/.exec(command) ?? [];
    return act('unfreeze', { id: freeze }, 'Lift…');
  }
  return html``;
}

function act(
  action: string,
  about: Readonly<Record<string, string | undefined>>,
  label: string,
): Markup {
  return html`<a class="button small" href="${linkOf('/act', { do: action, ...about })}">${label}</a>`;
}

function exampleLink({ cluster, sync }: Need['examples'][number], at: number): Markup {
  const to =
    sync === undefined ? linkOf('/fleet', { cluster }) : linkOf('/explain', { cluster, sync });
  return html`${at === 0 ? '' : ', '}<a href="${to}">${shortName(cluster)}${sync === undefined ? '' : ` ${sync}`}</a>`;
}

/** The last part of a membership's name. */
export function shortName(cluster: string): string {
  return cluster.split('/').at(-1) ?? cluster;
}
