import { html } from 'hono/html';
import type { HistoryEntry } from '../../history/operation.ts';
import { numberOf, sayCount } from '../../overview/sentences.ts';
import { type Markup, type Tone } from '../words.ts';
import { severityTone } from './event-list.ts';

const HOURS = 24;
const HOUR_MS = 3_600_000;
/** Of the picture. */
const [SLOT, HEIGHT, FOOT] = [40, 90, 22];
const TONES = ['bad', 'wait', 'none'] as const;

/**
 * The last day at a glance: a column for each hour, what was wrong at its foot. Below it the same in words, for a picture
 * is not read by all. `cut`: older events of the day were not read.
 */
export function dayAtAGlance(events: readonly HistoryEntry[], now: Date, cut: boolean): Markup {
  const hours = Array.from({ length: HOURS }, () => new Map<Tone, number>());
  const first = Math.floor(now.getTime() / HOUR_MS) - HOURS + 1;
  for (const { time, severity } of events) {
    const hour = hours[Math.floor(Date.parse(time) / HOUR_MS) - first];
    const tone = severityTone(severity);
    hour?.set(tone, (hour.get(tone) ?? 0) + 1);
  }
  const most = Math.max(1, ...hours.map(sum));
  const all = hours.reduce((total, hour) => total + sum(hour), 0);
  const wrong = hours.reduce((total, hour) => total + (hour.get('bad') ?? 0), 0);
  const busiest = hours.findIndex((hour) => sum(hour) === most);
  const words =
    all === 0
      ? 'Nothing happened in the last 24 hours.'
      : `${numberOf(all, 'event')} in the last 24 hours${cut ? ', of those that were read' : ''}; ${sayCount(wrong)} of them wrong; most from ${sayHour(first + busiest)} on.`;
  return html`<figure><svg class="day" viewBox="0 0 ${HOURS * SLOT} ${HEIGHT + FOOT}" role="img" aria-label="${words}">
${hours.map((hour, at) => column(hour, at, most))}
${hours.map((_, at) => (at % 3 === 0 ? html`<text x="${at * SLOT + 2}" y="${HEIGHT + 15}">${sayHour(first + at)}</text>` : ''))}
</svg><figcaption class="small">${words}</figcaption></figure>`;
}

function column(hour: ReadonlyMap<Tone, number>, at: number, most: number): Markup {
  let y = HEIGHT;
  return html`${TONES.map((tone) => {
    const count = hour.get(tone) ?? 0;
    if (count === 0) return '';
    const height = Math.max(2, (count / most) * (HEIGHT - 10));
    y -= height;
    const name = tone === 'none' ? 'ok' : tone;
    return html`<rect class="${name}" x="${at * SLOT + 4}" y="${y.toFixed(1)}" width="${SLOT - 8}" height="${height.toFixed(1)}"/>`;
  })}`;
}

function sum(hour: ReadonlyMap<Tone, number>): number {
  return [...hour.values()].reduce((total, count) => total + count, 0);
}

/** `05:00` in UTC, of an hour since 1970. */
function sayHour(hour: number): string {
  return new Date(hour * HOUR_MS).toISOString().slice(11, 16);
}
