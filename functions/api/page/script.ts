/**
 * What the page does where there is a script: every few seconds it fetches itself and replaces the part that changes,
 * leaving focus, selection and everything that is being typed alone. Nothing needs it.
 */
export const SCRIPT = `
const PERIOD = 5000;
async function refresh() {
  const old = document.getElementById('live');
  if (old === null || document.hidden || !getSelection().isCollapsed) return;
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
  if (!answer.ok) throw new Error('Answered ' + answer.status);
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const fresh = page.getElementById('live');
  if (fresh === null || fresh.isEqualNode(old)) return;
  const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
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
if (document.getElementById('live') !== null) {
  note('Updates by itself.');
  void run();
}
`;
