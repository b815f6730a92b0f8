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

/** Asks for a dry run: its page has the button that resyncs. Folded, for most people come to look. */
export function resyncForm({ image, digest, cluster, sync, reason }: ResyncFields): Markup {
  return html`<details class="resync">
<summary>Choose what to look at…</summary>
<form class="fields" method="post" action="/resync">
<label class="wide">Image <input name="image" value="${image ?? ''}" maxlength="1024"></label>
<label class="wide">Digest, to approve ahead <input name="digest" value="${digest ?? ''}" maxlength="71"></label>
<label>Cluster <input name="cluster" value="${cluster ?? ''}" maxlength="512"></label>
<label>RSync <input name="sync" value="${sync ?? ''}" maxlength="512"></label>
<label class="wide">Reason <input name="reason" value="${reason ?? ''}" maxlength="500"></label>
<button name="step" value="preview">Dry run</button>
</form>
</details>`;
}

/** The same for the RSync that the page is about: nothing to fill in but why. */
export function resyncThis({ cluster, sync }: { cluster: string; sync: string }): Markup {
  return html`<form class="fields" method="post" action="/resync">
<input type="hidden" name="cluster" value="${cluster}"><input type="hidden" name="sync" value="${sync}">
<label class="wide">Reason <input name="reason" maxlength="500"></label>
<button name="step" value="preview">Dry run</button>
</form>`;
}
