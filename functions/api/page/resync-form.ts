import { html } from 'hono/html';
import type { Markup } from './layout.ts';

/** What the form starts with. */
export interface ResyncFields {
  readonly image?: string | undefined;
  readonly digest?: string | undefined;
  readonly cluster?: string | undefined;
  readonly sync?: string | undefined;
  readonly reason?: string | undefined;
}

/** Asks for a dry run: its page has the button that resyncs. */
export function resyncForm({ image, digest, cluster, sync, reason }: ResyncFields): Markup {
  return html`<form class="fields" method="post" action="/resync">
<label>Image <input name="image" value="${image ?? ''}" maxlength="1024"></label>
<label>Digest, to approve ahead <input name="digest" value="${digest ?? ''}" maxlength="71"></label>
<label>Cluster <input name="cluster" value="${cluster ?? ''}" maxlength="512"></label>
<label>RSync <input name="sync" value="${sync ?? ''}" maxlength="512"></label>
<label>Reason <input name="reason" value="${reason ?? ''}" maxlength="500"></label>
<button name="step" value="preview">Dry run</button>
</form>`;
}
