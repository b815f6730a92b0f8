/** The page's only style sheet: system fonts, light and dark, one column on a phone. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f7f9, #14171c);
  --card: light-dark(#ffffff, #1d2128);
  --ink: light-dark(#1a1d23, #e8eaee);
  --quiet: light-dark(#505866, #aab2bf);
  --line: light-dark(#d5d9e0, #363c47);
  --link: light-dark(#0b4fb3, #8ab8ff);
  --ok: light-dark(#0d5f2c, #7fd99a);
  --wait: light-dark(#6d4500, #f0c274);
  --bad: light-dark(#a11212, #ff9d94);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 80rem; padding: 1rem;
  background: var(--ground); color: var(--ink);
  font: 1rem/1.45 system-ui, sans-serif;
}
a { color: var(--link); }
h1 { font-size: 1.35rem; margin: 0; }
h1 a { display: inline-flex; gap: 0.5rem; align-items: center; color: inherit; text-decoration: none; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 0.5rem; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
header { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; align-items: center; padding-bottom: 0.75rem; border-bottom: 1px solid var(--line); }
header nav { display: flex; gap: 1rem; }
header .person { margin-left: auto; overflow-wrap: anywhere; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 0.5rem; top: 0.5rem; background: var(--card); padding: 0.5rem; z-index: 1; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.health, .notice, .conclusion {
  margin: 1rem 0; padding: 0.75rem 1rem; background: var(--card);
  border: 1px solid var(--line); border-left: 0.4rem solid var(--wait); border-radius: 0.4rem;
  font-weight: 600; overflow-wrap: anywhere;
}
.health { font-size: 1.15rem; }
.health.ok, .notice, .conclusion.ok { border-left-color: var(--ok); }
.health.bad, .conclusion.bad { border-left-color: var(--bad); }
.chips { list-style: none; display: flex; flex-wrap: wrap; gap: 0.5rem; margin: 0; padding: 0; }
.chip { display: inline-flex; align-items: center; min-height: 2rem; padding: 0 0.75rem; border: 1px solid currentColor; border-radius: 1rem; background: var(--card); text-decoration: none; font-weight: 600; }
.chip:hover, .chip[aria-current] { text-decoration: underline; }
form.fields { display: grid; gap: 0.5rem 0.75rem; align-items: end; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); max-width: 60rem; }
form.fields label { display: flex; flex-direction: column; gap: 0.2rem; min-width: 0; }
form.fields .wide { grid-column: span 2; }
form.fields button { justify-self: start; }
summary { cursor: pointer; padding: 0.35rem 0; }
details.resync > summary { font-weight: 600; color: var(--link); }
.onward { display: flex; flex-wrap: wrap; gap: 1rem; }
input, select, button {
  font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--quiet); border-radius: 0.3rem; padding: 0.4rem 0.6rem; min-height: 2.5rem;
  max-width: 100%;
}
button { font-weight: 600; cursor: pointer; }
button.go { background: light-dark(#0b4fb3, #8ab8ff); color: light-dark(#ffffff, #10131a); border-color: transparent; }
.quiet { color: var(--quiet); }
.cluster { margin: 0.75rem 0; padding: 0.75rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.4rem; }
.cluster > .head { display: flex; flex-wrap: wrap; gap: 0.25rem 0.75rem; align-items: baseline; }
.cells { list-style: none; margin: 0.5rem 0 0; padding: 0; display: grid; gap: 0.5rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); }
.cells > li, .steps > li { background: var(--card); border: 1px solid var(--line); border-left: 0.4rem solid var(--quiet); border-radius: 0.3rem; padding: 0.5rem 0.6rem; overflow-wrap: anywhere; min-width: 0; }
li.ok { border-left-color: var(--ok); }
li.wait { border-left-color: var(--wait); }
li.bad { border-left-color: var(--bad); }
.cells p { margin: 0.2rem 0 0; }
.cells .what { font-size: 0.9rem; }
.phase { font-weight: 700; padding: 0 0.4rem; border-radius: 0.5rem; background: color-mix(in srgb, currentColor 10%, transparent); }
.phase.ok, .chip.ok { color: var(--ok); }
.phase.wait, .chip.wait { color: var(--wait); }
.phase.bad, .chip.bad { color: var(--bad); }
.chip.none { color: var(--quiet); }
.error { color: var(--bad); }
code { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere; }
.steps { list-style: none; margin: 1rem 0; padding: 0; display: grid; gap: 0.35rem; }
.steps > li { display: grid; gap: 0.1rem 1rem; grid-template-columns: 11.5rem 1fr; }
.steps p { margin: 0; }
.steps .step { display: flex; flex-wrap: wrap; gap: 0 0.5rem; justify-content: space-between; align-content: start; }
.steps ul { margin: 0.2rem 0 0; padding-left: 1.2rem; font-size: 0.9rem; white-space: pre-wrap; }
.steps .folded { list-style: none; margin-left: -1.2rem; }
pre { margin: 0.3rem 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 0.9em/1.4 ui-monospace, monospace; }
@media (max-width: 40rem) {
  .steps > li { grid-template-columns: 1fr; }
  .steps .step { justify-content: start; }
  header .person { margin-left: 0; }
}
footer { margin-top: 2rem; }
`;

/**
 * What the page does where there is a script: every few seconds it fetches itself and replaces the parts that change,
 * leaving focus, selection and everything that is being typed alone. Only what comes from the snapshot: a page left
 * open must not cost a cluster a call. Nothing needs it.
 */
export const SCRIPT = `
const PERIOD = 5000;
const parts = (page) => page.querySelectorAll('[data-live]');
async function refresh() {
  if (document.hidden || !getSelection().isCollapsed) return;
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
  if (!answer.ok) throw new Error('Answered ' + answer.status);
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const old of parts(document)) replace(old, page.getElementById(old.id));
}
function replace(old, fresh) {
  if (fresh === null || fresh.isEqualNode(old)) return;
  const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
  old.className = fresh.className;
  old.replaceChildren(...document.importNode(fresh, true).childNodes);
  if (focused === null) return;
  for (const link of old.querySelectorAll('a')) if (link.getAttribute('href') === focused) link.focus();
}
function note(text) {
  const place = document.getElementById('updates');
  if (place !== null && place.textContent !== text) place.textContent = text;
}
async function run() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, PERIOD));
    try {
      await refresh();
      note('Updates by itself.');
    } catch {
      note('Not updating: the service does not answer.');
    }
  }
}
if (parts(document).length > 0) {
  note('Updates by itself.');
  void run();
}
`;

/** The mark in the browser's tab and in the header: a seal that is ticked. */
export const MARK = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<circle cx="16" cy="16" r="14" fill="#0b4fb3"/>
<circle cx="16" cy="16" r="11" fill="none" stroke="#fff" stroke-width="1.5" stroke-dasharray="2 2.3"/>
<path d="m10.5 16.5 4 4 7.5-9" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/>
</svg>
`;
