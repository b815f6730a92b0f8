import { html } from 'hono/html';
import type { Person } from '../../check-person.ts';
import type { Overview } from '../../overview/operation.ts';
import { layout } from '../layout.ts';
import { imageMatrix } from '../overview/matrix.ts';
import type { Markup } from '../words.ts';

/** Every image that is counted, by stage. */
export function imagesPage(overview: Overview, person: Person): Markup {
  return layout(
    { title: 'Images', person, overview, path: '/images', live: true },
    html`<h1>Images</h1>
<section id="images-matrix" data-live>${overview.images.length === 0 ? html`<p>No image is followed yet. <a href="/help">What to do first</a></p>` : imageMatrix(overview, true)}</section>`,
  );
}
