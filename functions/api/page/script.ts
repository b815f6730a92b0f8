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
