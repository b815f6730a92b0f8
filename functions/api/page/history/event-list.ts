import { html } from 'hono/html';
import type { HistoryEntry } from '../../history/operation.ts';
import { shortImage } from '../../overview/sentences.ts';
import { shortName } from '../overview/needs.ts';
import {
  abbreviate,
  ago,
  digestCode,
  linkOf,
  type Markup,
  sayTime,
  type Tone,
  toned,
} from '../words.ts';

/** Of a severity. */
export function severityTone(severity: string): Tone {
  if (severity === 'ERROR') return 'bad';
  return severity === 'WARNING' ? 'wait' : 'none';
}

/** Events as a table: when, who, what, why. */
export function eventList(events: readonly HistoryEntry[], now: Date): Markup {
  if (events.length === 0) return html`<p>Nothing is recorded.</p>`;
  return html`<div class="scroll"><table class="stack"><thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">About</th><th scope="col">Why</th></tr></thead>
<tbody>${events.map((event) => eventRow(event, now))}</tbody></table></div>`;
}

function eventRow(event: HistoryEntry, now: Date): Markup {
  const { time, type, severity, actor, signer, reason, message } = event;
  const who = actor ?? (signer === undefined ? 'Countersign' : `signed by ${signer}`);
  return html`<tr><th scope="row" class="small">${sayTime(time)} <span class="quiet">${ago(time, now)}</span></th>
<td data-label="Who">${who}</td>
<td data-label="What">${toned(type, severityTone(severity))}<div class="small">${abbreviate(message)}</div></td>
<td data-label="About" class="small">${about(event)}</td>
<td data-label="Why" class="small">${reason ?? ''}</td></tr>`;
}

function about({ image, digest, cluster, sync, stage }: HistoryEntry): Markup {
  const parts = [
    ...(image === undefined
      ? []
      : [
          html`<a href="${linkOf('/image', { image })}" title="${image}">${shortImage(image)}</a> `,
        ]),
    ...(digest === undefined ? [] : [html`${digestCode(digest)} `]),
    ...(cluster !== undefined && sync !== undefined
      ? [
          html`<a href="${linkOf('/explain', { cluster, sync })}" title="${cluster}">${sync} on ${shortName(cluster)}</a> `,
        ]
      : []),
    ...(cluster !== undefined && sync === undefined
      ? [
          html`<a href="${linkOf('/fleet', { cluster })}" title="${cluster}">${shortName(cluster)}</a> `,
        ]
      : []),
    ...(stage === undefined ? [] : [html`stage ${stage}`]),
  ];
  return html`${parts}`;
}
