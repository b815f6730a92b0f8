import { html } from 'hono/html';
import type { Person } from '../../check-person.ts';
import { sayAge } from '../../fleet/present.ts';
import type { Overview } from '../../overview/operation.ts';
import type { Motion } from '../../rollouts/list-rollouts.ts';
import { markPath } from '../assets/mark.ts';
import { layout } from '../layout.ts';
import { abbreviate, linkOf, type Markup, sinceThen, type Tone } from '../words.ts';
import { imageMatrix, labelMatrix, phaseChips } from './matrix.ts';
import { needsSection } from './needs.ts';
import { rolloutsSection } from './rollout-cards.ts';

export interface OverviewPageInput {
  readonly overview: Overview;
  /** Absent where there are none, or they cannot be read. */
  readonly motion: Motion | undefined;
  readonly person: Person;
  readonly now: Date;
  /** All that needs a person, however much that is. */
  readonly all: boolean;
  readonly done?: string | undefined;
}

const TONES: Readonly<Record<Overview['state'], Tone>> = {
  well: 'ok',
  waiting: 'wait',
  unwell: 'bad',
  unknown: 'bad',
  empty: 'none',
};

/** The first screen: is it well, what needs a person, what is under way, and the fleet as a matrix. */
export function overviewPage(input: OverviewPageInput): Markup {
  const { overview, motion, person, now, all, done } = input;
  const frame = { title: 'Overview', person, overview, path: '/', live: true, done };
  return layout(
    frame,
    html`<div id="state" data-live class="state ${TONES[overview.state]}">${state(overview, now)}</div>
${
  overview.state === 'empty'
    ? firstSteps(person)
    : html`<section id="needs" data-live>${needsSection({ overview, person, now, all })}</section>
<section id="rollouts" data-live>${rolloutsSection(motion, person)}</section>
<section id="fleet" data-live><h2>The fleet</h2>
${phaseChips(overview)}
${imageMatrix(overview, false)}
${labelMatrix(overview)}</section>
${person.mayInvoke ? decisions() : ''}`
}`,
  );
}

function state(overview: Overview, now: Date): Markup {
  const { headline, since, oldestReadingSeconds: oldest } = overview;
  return html`<img class="mark" src="${markPath(overview.state)}" alt="" width="36" height="36">
<div><h1>${abbreviate(headline)}</h1>
<p class="small quiet">${since === undefined ? '' : html`${sinceThen(since, now)}. `}${oldest === undefined ? '' : `The oldest reading of a cluster is ${sayAge(oldest)} old.`}</p></div>`;
}

/** What an empty fleet is to do first. */
function firstSteps({ mayInvoke }: Person): Markup {
  return html`<h2>What to do first</h2>
<ol>
<li>Give the config the clusters: <code>fleet</code> with the projects of the memberships, or a kubeconfig. Clusters are looked at by the next sweep, within a minute.</li>
<li>Name the images in <code>images</code>, and who signs them in <code>trust</code>: <code class="command">countersign config check</code> says what is missing.</li>
<li>See what Countersign may do: <code class="command">countersign preflight</code> asks each cluster and registry.</li>
<li>Push an image and sign it. It is listed here with its verdict as soon as an RSync follows it.</li>
</ol>
<p>If clusters should be known by now, the sweep may be silent: <a href="/help#sweep-silent">what to do</a>.${mayInvoke ? html` <a href="${linkOf('/act', { do: 'resync' })}">Look at the clusters now…</a>` : ''}</p>`;
}

function decisions(): Markup {
  return html`<h2>Decide</h2>
<p class="buttons"><a class="button" href="${linkOf('/act', { do: 'freeze' })}">Freeze…</a>
<a class="button" href="${linkOf('/act', { do: 'hold' })}">Hold…</a>
<a class="button" href="${linkOf('/act', { do: 'resync' })}">Resync…</a></p>`;
}
