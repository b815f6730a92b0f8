import { html } from 'hono/html';
import type { PersonFreeze } from '#shared/core/rollout/freezes.ts';
import { sayFrozen } from '#shared/rollouts/freeze-events.ts';
import type { Person } from '../../check-person.ts';
import type { Overview } from '../../overview/operation.ts';
import type { HoldView } from '../../holds/operation.ts';
import { layout } from '../layout.ts';
import { shortName } from '../overview/needs.ts';
import { abbreviate, linkOf, type Markup, sayTime, sinceThen, toned } from '../words.ts';

export interface FreezesPageInput {
  /** Absent where the config names no records. */
  readonly freezes: readonly PersonFreeze[] | undefined;
  readonly holds: readonly HoldView[];
  /** Clusters whose ordered holds cannot be read. */
  readonly unread: readonly string[];
  /** There are more holds than these. */
  readonly more: boolean;
  readonly person: Person;
  readonly overview: Overview | undefined;
  readonly now: Date;
  readonly done?: string | undefined;
}

/** What people keep new digests away from: freezes, and holds. */
export function freezesPage(input: FreezesPageInput): Markup {
  const { freezes, holds, unread, more, person, overview, now, done } = input;
  const acts = person.mayInvoke
    ? html`<p class="buttons"><a class="button" href="${linkOf('/act', { do: 'freeze' })}">Freeze…</a> <a class="button" href="${linkOf('/act', { do: 'hold' })}">Hold…</a></p>`
    : '';
  return layout(
    { title: 'Freezes and holds', person, overview, path: '/freezes', live: true, done },
    html`<h1>Freezes and holds</h1>
<p class="quiet small">What keeps new digests away. What is approved stays approved, and ways back go through.</p>
${acts}
<section id="frozen" data-live><h2>Freezes</h2>${list(freezes, person, now)}
<h2>Holds</h2>${holds.length + unread.length === 0 ? html`<p>Nothing is held.</p>` : html`<ul class="plain needs">${unread.map(unreadItem)}${holds.map((hold) => holdItem(hold, person, now))}</ul>`}
${more ? html`<p class="quiet">There are more: <code class="command">countersign holds</code></p>` : ''}</section>`,
  );
}

function list(freezes: readonly PersonFreeze[] | undefined, person: Person, now: Date): Markup {
  if (freezes === undefined) {
    return html`<p>A freeze is kept with the records: the config names no <code>records</code>.</p>`;
  }
  if (freezes.length === 0) return html`<p>Nothing is frozen.</p>`;
  return html`<ul class="plain needs">${freezes.map((freeze) => {
    const { id, by, at, until, reason } = freeze;
    return html`<li class="wait"><div class="head">${toned('Frozen', 'wait')} <h3>${abbreviate(sayFrozen(freeze))}</h3></div>
<p>${by}: ${abbreviate(reason)}</p>
<p class="meta"><span>${sinceThen(at, now)}</span> <span>${until === undefined ? 'until a person lifts it' : `until ${sayTime(until)}`}</span></p>
${person.mayInvoke ? html`<p class="do"><a class="button small" href="${linkOf('/act', { do: 'unfreeze', id })}">Lift…</a></p>` : ''}</li>`;
  })}</ul>`;
}

function unreadItem(cluster: string): Markup {
  return html`<li class="bad"><div class="head">${toned('Not read', 'bad')} <h3>${shortName(cluster)}</h3></div>
<p>Its ordered holds cannot be read: nothing new reaches it until their record is repaired or removed.</p></li>`;
}

function holdItem(
  { cluster, sync, state, text, since, isOver }: HoldView,
  person: Person,
  now: Date,
): Markup {
  return html`<li class="wait"><div class="head">${toned(state === 'on' ? 'Held' : state, 'wait')} <h3><a href="${linkOf('/explain', { cluster, sync })}">${sync} on ${shortName(cluster)}</a></h3></div>
<p>${text}</p>
<p class="meta">${since === undefined ? '' : html`<span>${sinceThen(since, now)}</span>`}${isOver ? html` <span>its time is over, and it holds on</span>` : ''}</p>
${person.mayInvoke ? html`<p class="do"><a class="button small" href="${linkOf('/act', { do: 'unhold', cluster, sync })}">Lift…</a></p>` : ''}</li>`;
}
