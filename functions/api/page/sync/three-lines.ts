import { html } from 'hono/html';
import type { SyncRow } from '#shared/store/store.ts';
import { ago, linkOf, type Markup, sinceThen, toned, verdictTone, wholeCode } from '../words.ts';

interface Input {
  readonly row: SyncRow | undefined;
  readonly lookedAt: string | undefined;
  readonly now: Date;
}

/** What runs, what the tag names, and what is approved, with their times: as of the last look. */
export function threeLines({ row, lookedAt, now }: Input): Markup {
  if (row === undefined)
    return html`<p class="quiet">It was never looked at: the next sweep does.</p>`;
  const {
    image,
    live,
    target,
    index,
    approved,
    verdict,
    shown,
    approval,
    staged,
    breakGlass,
    held,
  } = row;
  const [newest, ...also] = approved;
  const approvedAt = staged?.approvedAt ?? approval?.resolvedAt;
  return html`<dl class="facts">
<div><dt>Runs</dt><dd>${live === undefined ? html`<span class="quiet">nothing that is known</span>` : wholeCode(live)}
${shown?.syncedAt === undefined ? '' : html`<div class="small quiet">synced ${sinceThen(shown.syncedAt, now)}</div>`}${sameAs(live, newest, 'is approved', 'is not the newest approval')}</dd></div>
<div><dt>Its tag names</dt><dd>${target === undefined ? html`<span class="quiet">nothing that could be resolved</span>` : wholeCode(target)}
${index === undefined ? '' : html`<div class="small quiet">the linux/amd64 child of ${wholeCode(index)}</div>`}
<div class="small">${verdict === undefined ? toned('not judged', 'wait') : toned(verdict, verdictTone(verdict))}${lookedAt === undefined ? '' : html` <span class="quiet">looked up ${ago(lookedAt, now)}</span>`}</div></dd></div>
<div><dt>Is approved</dt><dd>${newest === undefined ? html`<span class="quiet">nothing</span>` : wholeCode(newest)}
${approvedAt === undefined ? '' : html`<div class="small quiet">${sinceThen(approvedAt, now)}</div>`}
${also.length === 0 ? '' : html`<div class="small quiet">and before it ${also.map((key) => html`${wholeCode(key)} `)}</div>`}</dd></div>
${image === undefined ? '' : html`<div><dt>Follows</dt><dd><a href="${linkOf('/image', { image })}">${image}</a></dd></div>`}
${held === undefined ? '' : html`<div><dt>Is held</dt><dd>${held.text} <span class="small quiet">${sinceThen(held.since, now)}</span></dd></div>`}
${breakGlass === undefined ? '' : html`<div><dt>${toned('Break-glass', 'bad')}</dt><dd>${breakGlass}</dd></div>`}
</dl>`;
}

function sameAs(
  live: string | undefined,
  approved: string | undefined,
  yes: string,
  no: string,
): Markup {
  if (live === undefined) return html``;
  return html`<div class="small">${live === approved ? toned(yes, 'ok') : toned(no, 'wait')}</div>`;
}
