/**
 * What the page does where there is a script: it listens for news of the fleet, and where there are some fetches itself
 * and replaces the parts that change, leaving focus, selection and everything that is being typed alone. It says at the
 * top when it does not update. Where no stream is to be had it fetches itself each minute. Nothing needs it.
 */
export const SCRIPT = `
const SILENT_MS = 45000;
const FALLBACK_MS = 60000;
const parts = (page) => page.querySelectorAll('[data-live]');
const place = document.getElementById('updates');
let heard = Date.now();
let last = '';
let busy = false;
let again = false;

function note(text, stale) {
  if (place === null || place.textContent === text) return;
  place.textContent = text;
  place.classList.toggle('stale', stale);
}
function clock() { return new Date().toISOString().slice(11, 19) + ' UTC'; }

async function refresh() {
  if (busy) { again = true; return; }
  busy = true;
  try {
    do {
      again = false;
      const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
      if (!answer.ok) throw new Error('Answered ' + answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      take(page);
      note('Live: updated ' + clock() + '.', false);
    } while (again);
  } catch {
    note('Not updating since ' + clock() + ': the service does not answer. Reload to try.', true);
  } finally { busy = false; }
}
function take(page) {
  if (!getSelection().isCollapsed) return;
  for (const old of parts(document)) replace(old, page.getElementById(old.id));
  document.title = page.title;
  const icon = document.querySelector('link[rel=icon]');
  const fresh = page.querySelector('link[rel=icon]');
  if (icon && fresh && icon.getAttribute('href') !== fresh.getAttribute('href')) icon.setAttribute('href', fresh.getAttribute('href'));
}
function replace(old, fresh) {
  if (fresh === null || fresh.isEqualNode(old)) return;
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  if (active !== null && active.matches('input, select, textarea')) return;
  const open = [...old.querySelectorAll('details[open]')].map((one) => one.id);
  const focused = active === null ? null : active.getAttribute('href');
  old.className = fresh.className;
  old.replaceChildren(...document.importNode(fresh, true).childNodes);
  for (const id of open) if (id !== '') old.querySelector('#' + CSS.escape(id))?.setAttribute('open', '');
  if (focused === null) return;
  for (const link of old.querySelectorAll('a')) if (link.getAttribute('href') === focused) { link.focus(); break; }
}
function listen() {
  const source = new EventSource('/page/events');
  source.onmessage = ({ data }) => {
    heard = Date.now();
    const isNews = last !== '' && last !== data;
    last = data;
    if (isNews && !document.hidden) void refresh();
    else if (isNews) missed = true;
    else if (place !== null && (place.classList.contains('stale') || place.dataset.begun !== 'yes')) {
      place.dataset.begun = 'yes';
      note('Live.', false);
    }
  };
  source.onerror = () => { if (source.readyState === EventSource.CLOSED) setInterval(() => { if (!document.hidden) void refresh(); }, FALLBACK_MS); };
}
let missed = false;
document.addEventListener('visibilitychange', () => {
  if (document.hidden || !missed) return;
  missed = false;
  void refresh();
});
if (parts(document).length > 0) {
  listen();
  setInterval(() => {
    if (Date.now() - heard > SILENT_MS && !busy) note('Not updating since ' + new Date(heard).toISOString().slice(11, 19) + ' UTC: no news from the service. Reload to try.', true);
  }, 5000);
}
`;
