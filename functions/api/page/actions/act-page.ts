import { html } from 'hono/html';
import type { Person } from '../../check-person.ts';
import { MAX_REASON, MAX_TOUCHED } from '../../limits.ts';
import type { Overview } from '../../overview/operation.ts';
import { layout } from '../layout.ts';
import { shortName } from '../overview/needs.ts';
import { abbreviate, linkOf, type Markup, toned } from '../words.ts';
import type { Action, Field, Form, Preview, Touched } from './action.ts';

export interface ActPageInput {
  readonly action: Action;
  readonly form: Form;
  readonly person: Person;
  readonly overview: Overview | undefined;
  /** Why it was not done. */
  readonly problem?: string | undefined;
}

/** The form of an action: what it does, what it is about, and why it is done. Nothing happens by it but a dry run. */
export function actPage({ action, form, person, overview, problem }: ActPageInput): Markup {
  const { label, about, name } = action;
  return layout(
    { title: label, person, overview },
    html`<h1>${label}</h1>
<p>${about}</p>
${problem === undefined ? '' : html`<p class="notice bad" role="alert">Not done: ${problem}</p>`}
${
  action.may(person)
    ? html`<form class="fields" method="post" action="/act">
<input type="hidden" name="do" value="${name}">
${action.fields.map((field) => fieldInput(field, form))}
<label class="wide">Reason, which is recorded and published with your name <input name="reason" value="${form['reason'] ?? ''}" maxlength="${MAX_REASON}"${name === 'resync' ? '' : html` required`}></label>
<div class="buttons wide"><button name="step" value="preview">Dry run: who is touched?</button> <a href="/">Cancel</a></div>
</form>`
    : html`<p class="notice bad">You may look, and no more: the operator of this service decides who may act (<code>access.api</code>).</p><p><a href="/">Back to the overview</a></p>`
}`,
  );
}

function fieldInput(
  { name, label, kind = 'text', required, max, placeholder, given }: Field,
  form: Form,
): Markup {
  const value = form[name];
  if (given === true && value !== undefined) {
    return html`<input type="hidden" name="${name}" value="${value}"><p class="wide">${label}: <code>${value}</code></p>`;
  }
  const must = required === true ? html` required` : '';
  if (kind === 'check') {
    return html`<label class="check"><input type="checkbox" name="${name}"${value === undefined ? '' : html` checked`}> ${label}</label>`;
  }
  const type = kind === 'time' ? 'datetime-local' : 'text';
  return html`<label class="${kind === 'text' ? 'long' : ''}">${label} <input type="${type}" name="${name}" value="${value ?? ''}"${max === undefined ? '' : html` maxlength="${max}"`}${placeholder === undefined ? '' : html` placeholder="${placeholder}"`}${must}></label>`;
}

export interface ConfirmPageInput extends ActPageInput {
  readonly preview: Preview;
  /** Makes a second click the same request. */
  readonly key: string;
}

/** Who is touched, and the button that does it. */
export function confirmPage({
  action,
  form,
  preview,
  key,
  person,
  overview,
}: ConfirmPageInput): Markup {
  const { sentence, touched, command } = preview;
  const shown = touched.slice(0, MAX_TOUCHED);
  const again = linkOf('/act', { do: action.name, ...form });
  return layout(
    { title: `${action.label}: dry run`, person, overview },
    html`<h1>${action.label}: dry run</h1>
<p class="notice wait" role="status">${abbreviate(sentence)}. Nothing has been done yet.</p>
<form method="post" action="/act">
${Object.entries({ do: action.name, ...form, key }).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<p class="buttons"><button class="${action.grave === true ? 'danger' : 'go'}" name="step" value="confirm">${action.label} now</button> <a href="${again}">Change it</a> <a href="/">Cancel</a></p>
</form>
${form['reason'] === undefined ? '' : html`<p>Reason: ${form['reason']}</p>`}
${command === undefined ? '' : html`<p>By hand as well: <code class="command">${command}</code></p>`}
${shown.length === 0 ? '' : table(shown)}
${touched.length > shown.length ? html`<p class="quiet">And ${touched.length - shown.length} more.</p>` : ''}`,
  );
}

function table(touched: readonly Touched[]): Markup {
  return html`<h2>Who is touched</h2><div class="scroll"><table class="stack"><thead><tr><th scope="col">Where</th><th scope="col">What</th><th scope="col">More</th></tr></thead>
<tbody>${touched.map(({ cluster, sync, word, tone, text }) => {
    const to =
      sync === undefined ? linkOf('/fleet', { cluster }) : linkOf('/explain', { cluster, sync });
    return html`<tr><th scope="row"><a href="${to}" title="${cluster}">${sync === undefined ? '' : `${sync} on `}${shortName(cluster)}</a></th><td data-label="What">${toned(word, tone)}</td><td data-label="More" class="small">${abbreviate(text)}</td></tr>`;
  })}</tbody></table></div>`;
}
