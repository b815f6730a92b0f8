import { html } from 'hono/html';
import { toFailure } from '#shared/core/errors.ts';
import type { PersonFreeze } from '#shared/core/rollout/freezes.ts';
import type { Log } from '#shared/reconcile/deps.ts';
import { sayFrozen } from '#shared/rollouts/freeze-events.ts';
import { readList } from '../freezes/change-freeze.ts';
import { SNAPSHOT_TTL_MS } from '../limits.ts';
import { rememberFor } from '../remember.ts';
import type { StagedDeps } from '../rollouts/deps.ts';
import { abbreviate, type Markup } from './layout.ts';

/** The part of the page that shows what is frozen; nothing where the config names no `records`. */
export type FreezesSection = (log: Log) => Promise<Markup>;

/**
 * Shows what people have frozen, before anything else: it is why nothing moves. All who look at the page meanwhile share
 * one reading. Where that cannot be read it says so.
 *
 * @example
 * const section = await createFreezesSection(staged)(log);
 */
export function createFreezesSection(staged: StagedDeps | undefined): FreezesSection {
  if (staged === undefined) return () => Promise.resolve(html``);
  const remember = rememberFor<readonly PersonFreeze[]>(staged.now, () => SNAPSHOT_TTL_MS);
  return async (log) => {
    try {
      const freezes = await remember('', () => readList(staged));
      return await frame(freezes.length === 0 ? html`` : section(freezes));
    } catch (error) {
      const failure = toFailure(error);
      log.warn({ error: failure }, 'Freezes cannot be shown');
      return frame(
        html`<p class="conclusion bad">Freezes cannot be shown (${failure.code}): nothing new is approved where they cannot be read.</p>`,
      );
    }
  };
}

/** Freezes that the page has room for. */
const MAX_SHOWN = 20;

function section(freezes: readonly PersonFreeze[]): Markup {
  const more = freezes.length - MAX_SHOWN;
  return html`<h2>Freezes</h2>
<ul class="cells">${freezes.slice(0, MAX_SHOWN).map(cell)}</ul>
${more > 0 ? html`<p class="quiet">And ${more} more: <code>npx countersign freezes</code></p>` : ''}`;
}

/** There in any case, so that the page can replace it by itself. */
function frame(content: Markup): Markup {
  return html`<div id="freezes" data-live>${content}</div>`;
}

function cell(freeze: PersonFreeze): Markup {
  const { id, by, at, until, reason } = freeze;
  const end = until === undefined ? 'until it is lifted' : `until ${until}`;
  return html`<li class="wait">
<p><span class="phase wait">frozen</span> ${abbreviate(sayFrozen(freeze))}</p>
<p class="what">${by}, since ${at}, ${end}: ${abbreviate(reason)}</p>
<p class="what quiet"><code>npx countersign unfreeze ${id}</code></p>
</li>`;
}
