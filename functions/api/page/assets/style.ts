/** The page's only style sheet: tokens first, system fonts, light and dark, one column on a phone, and print. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f5f6f8, #12151a);
  --card: light-dark(#ffffff, #1b1f26);
  --raise: light-dark(#eef0f4, #252a33);
  --ink: light-dark(#171a20, #e9ebef);
  --quiet: light-dark(#4d5563, #aeb6c3);
  --line: light-dark(#d3d8e0, #373e4a);
  --link: light-dark(#0b4fb3, #8fbcff);
  --ok: light-dark(#0b5c2b, #84dca0);
  --wait: light-dark(#6a4300, #f2c67a);
  --bad: light-dark(#9c1010, #ffa49b);
  --ok-fill: light-dark(#2f9e5b, #3fae6d);
  --wait-fill: light-dark(#d19a2a, #c48f25);
  --bad-fill: light-dark(#c22f2f, #e0574d);
  --none-fill: light-dark(#b9c0cb, #4d5563);
  --alarm: light-dark(#8e0b0b, #5c0d0d);
  --on-alarm: #ffffff;
  --gap: 0.75rem;
  --round: 0.45rem;
  --mono: ui-monospace, 'SF Mono', Menlo, Consolas, monospace;
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.45 system-ui, sans-serif; }
.frame { max-width: 100rem; margin: 0 auto; padding: 0 1rem 2rem; }
a { color: var(--link); }
a, p, li, dd, h1, h2, h3 { overflow-wrap: anywhere; }
td, th { overflow-wrap: break-word; }
td a, th a { overflow-wrap: break-word; }
h1, h2, h3 { line-height: 1.25; text-wrap: balance; }
h1 { font-size: 1.35rem; margin: 1rem 0 0.5rem; }
h2 { font-size: 1.1rem; margin: 1.75rem 0 0.5rem; }
h3 { font-size: 1rem; margin: 0; font-weight: 650; }
p { margin: 0.3rem 0; }
code, pre { font-family: var(--mono); font-size: 0.875em; }
code { overflow-wrap: anywhere; }
pre { margin: 0.3rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 0.2rem; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 0.5rem; top: 0.5rem; background: var(--card); padding: 0.5rem; z-index: 2; }
.quiet { color: var(--quiet); }
.small { font-size: 0.9rem; }
.mark { flex: none; }

header.top { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; align-items: center; padding: 0.6rem 0; border-bottom: 1px solid var(--line); }
header.top .brand { display: inline-flex; gap: 0.5rem; align-items: center; font-weight: 700; color: inherit; text-decoration: none; }
header.top nav { display: flex; flex-wrap: wrap; gap: 0 1rem; }
header.top nav a, .onward a { padding: 0.25rem 0; }
header.top nav a { flex: none; white-space: nowrap; }
header.top nav a[aria-current] { color: inherit; font-weight: 650; text-decoration-thickness: 2px; }
header.top form { display: flex; gap: 0.4rem; margin-left: auto; flex: 0 1 20rem; min-width: 0; }
header.top form input { flex: 1; min-width: 0; }
.live { display: flex; flex: 1 1 100%; flex-wrap: wrap; gap: 0 1rem; font-size: 0.9rem; color: var(--quiet); }
.live .stale { color: var(--bad); font-weight: 650; }

.alarm { background: var(--alarm); color: var(--on-alarm); padding: 0.7rem 1rem; border-radius: var(--round); margin: 0.75rem 0; }
.alarm a { color: inherit; }
.alarm h2 { margin: 0; font-size: 1.1rem; }
.state { display: flex; gap: 0.75rem; align-items: flex-start; margin: 0.75rem 0; padding: 0.8rem 1rem; background: var(--card); border: 1px solid var(--line); border-left: 0.45rem solid var(--none-fill); border-radius: var(--round); }
.state.ok { border-left-color: var(--ok-fill); }
.state.wait { border-left-color: var(--wait-fill); }
.state.bad { border-left-color: var(--bad-fill); }
.state h1 { margin: 0; font-size: 1.25rem; }
.state > div { min-width: 0; }
.notice { margin: 0.75rem 0; padding: 0.6rem 1rem; background: var(--card); border: 1px solid var(--line); border-left: 0.45rem solid var(--ok-fill); border-radius: var(--round); }
.notice.bad { border-left-color: var(--bad-fill); }
.notice.wait { border-left-color: var(--wait-fill); }

.tone { font-weight: 650; white-space: nowrap; }
.tone::before { content: ''; display: inline-block; width: 0.7em; height: 0.7em; margin-right: 0.35em; background: var(--none-fill); border-radius: 0.1em; }
.tone.ok { color: var(--ok); }
.tone.ok::before { background: var(--ok-fill); border-radius: 50%; }
.tone.wait { color: var(--wait); }
.tone.wait::before { background: none; border: 0.18em solid var(--wait-fill); border-radius: 50%; }
.tone.bad { color: var(--bad); }
.tone.bad::before { background: var(--bad-fill); clip-path: polygon(50% 0, 100% 100%, 0 100%); border-radius: 0; }
.tone.none { color: var(--quiet); }

ul.plain, ol.plain { list-style: none; margin: 0; padding: 0; }
.needs, .cards { display: grid; gap: 0.6rem; }
.cards { grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); }
.needs > li, .cards > li, .steps > li { background: var(--card); border: 1px solid var(--line); border-left: 0.4rem solid var(--none-fill); border-radius: var(--round); padding: 0.6rem 0.8rem; min-width: 0; }
li.ok { border-left-color: var(--ok-fill) !important; }
li.wait { border-left-color: var(--wait-fill) !important; }
li.bad { border-left-color: var(--bad-fill) !important; }
.needs .head { display: flex; flex-wrap: wrap; gap: 0 0.75rem; align-items: baseline; }
.needs .meta { display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: 0.9rem; color: var(--quiet); margin: 0.15rem 0; }
.needs .said { color: var(--ink); }
.needs .do { margin-bottom: 0; }
.needs .do { display: flex; flex-wrap: wrap; gap: 0.3rem 1rem; align-items: center; margin-top: 0.3rem; }
.command { background: var(--raise); padding: 0.15rem 0.5rem; border-radius: 0.3rem; user-select: all; }

.stages { display: grid; gap: 0.35rem; margin: 0.5rem 0; max-width: 60rem; }
.stages > li { display: grid; grid-template-columns: minmax(5rem, 8rem) 1fr; gap: 0 0.75rem; align-items: center; }
.stages .counts { grid-column: 2; font-size: 0.9rem; color: var(--quiet); }
.bar { display: block; width: 100%; height: 0.8rem; border-radius: 0.2rem; background: var(--raise); forced-color-adjust: none; }
.bar .ok { fill: var(--ok-fill); } .bar .wait { fill: var(--wait-fill); } .bar .bad { fill: var(--bad-fill); } .bar .none { fill: var(--none-fill); }

.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; background: var(--card); border: 1px solid var(--line); }
caption { text-align: left; color: var(--quiet); padding: 0.3rem 0; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 0.45rem 0.6rem; border-bottom: 1px solid var(--line); }
thead th { background: var(--raise); font-size: 0.9rem; }
tbody th { font-weight: 600; }
td ul, dd ul { list-style: none; margin: 0; padding: 0; }
dd ul { display: flex; flex-wrap: wrap; gap: 0 1rem; }
header.top .brand img, .state .mark { display: block; }
td a.tone { text-decoration: none; } td a.tone:hover { text-decoration: underline; }
.facts { display: grid; gap: 0; margin: 0.75rem 0; background: var(--card); border: 1px solid var(--line); border-radius: var(--round); }
.facts > div { display: grid; grid-template-columns: 11rem 1fr; gap: 0 1rem; padding: 0.5rem 0.8rem; border-bottom: 1px solid var(--line); }
.facts > div:last-child { border-bottom: 0; }
.facts dt { font-weight: 650; } .facts dd { margin: 0; }
.steps { display: grid; gap: 0.35rem; counter-reset: step; }
.steps > li { display: grid; gap: 0.1rem 1rem; grid-template-columns: 11.5rem 1fr; }
.steps p { margin: 0; }
.steps .step { display: flex; flex-wrap: wrap; gap: 0 0.5rem; justify-content: space-between; align-content: start; margin: 0; }
.steps .step strong::before { counter-increment: step; content: counter(step) '. '; color: var(--quiet); font-weight: 400; }
.steps ul { margin: 0.2rem 0 0; padding-left: 1.2rem; font-size: 0.9rem; white-space: pre-wrap; }
.day { width: 100%; height: auto; background: var(--card); border: 1px solid var(--line); border-radius: var(--round); forced-color-adjust: none; }
.day text { font: 11px system-ui, sans-serif; fill: var(--quiet); }
.day .ok { fill: var(--none-fill); } .day .wait { fill: var(--wait-fill); } .day .bad { fill: var(--bad-fill); }

form.fields { display: grid; gap: 0.5rem 0.75rem; align-items: end; grid-template-columns: repeat(auto-fit, minmax(min(100%, 11rem), 1fr)); max-width: 75rem; margin: 0.5rem 0; }
form.fields label { display: flex; flex-direction: column; gap: 0.2rem; min-width: 0; font-size: 0.9rem; }
form.fields label.check { flex-direction: row; align-items: center; gap: 0.5rem; }
form.fields .wide { grid-column: 1 / -1; }
form.fields .long { grid-column: span 2; }
form.fields .buttons { display: flex; gap: 1rem; align-items: center; }
input, select, button, textarea, .button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--quiet); border-radius: 0.3rem; padding: 0.4rem 0.6rem; min-height: 2.5rem; max-width: 100%; }
input[type=checkbox] { min-height: 1.2rem; width: 1.2rem; height: 1.2rem; }
button, .button { font-weight: 600; cursor: pointer; text-decoration: none; display: inline-flex; align-items: center; }
button.go { background: var(--link); color: light-dark(#ffffff, #10131a); border-color: transparent; }
button.danger { background: var(--alarm); color: var(--on-alarm); border-color: transparent; }
.buttons, .onward { display: flex; flex-wrap: wrap; gap: 0.4rem 1rem; align-items: center; }
.button.small { min-height: 2rem; padding: 0.15rem 0.6rem; font-size: 0.9rem; }
summary { cursor: pointer; padding: 0.35rem 0; }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 0.6rem; }

@media (max-width: 48rem) {
  .frame { padding: 0 0.75rem 1.5rem; }
  header.top form { margin-left: 0; flex: 1 1 100%; }
  .steps > li, .facts > div { grid-template-columns: 1fr; }
  .steps .step { justify-content: start; }
  .stages > li { grid-template-columns: 1fr; } .stages .counts { grid-column: 1; }
  header.top { flex-wrap: wrap; }
  header.top nav { flex-wrap: nowrap; overflow-x: auto; max-width: 100%; padding-bottom: 0.2rem; }
  .state h1 { font-size: 1.1rem; }
}
@media (max-width: 40rem) {
  form.fields .long { grid-column: auto; }
  table.stack thead { position: absolute; left: -200vw; }
  table.stack tr { display: block; padding: 0.4rem 0; border-bottom: 1px solid var(--line); }
  table.stack th, table.stack td { display: block; border: 0; padding: 0.1rem 0.6rem; }
  table.stack td[data-label]::before { content: attr(data-label) ': '; color: var(--quiet); }
}
@media (prefers-reduced-motion: no-preference) { .flash { animation: flash 1.2s ease-out; } }
@keyframes flash { from { background: var(--raise); } }
@media print {
  :root { color-scheme: light; }
  header.top form, .skip, form, .buttons, .do .button, footer { display: none; }
  .needs > li, .cards > li, tr { break-inside: avoid; }
  a { color: inherit; text-decoration: none; }
}
`;
