import type { Overview } from '../../overview/operation.ts';

type State = Overview['state'];

/** The signs of the states: each has a form of its own beside its colour. */
const SIGNS: Readonly<Record<State, readonly [colour: string, sign: string]>> = {
  well: ['#1c7a45', '<path d="m9.5 16.5 4.5 4.5 8.5-10"/>'],
  waiting: ['#8a5a00', '<path d="M16 9v7.5l5 3"/>'],
  unwell: ['#b3261e', '<path d="M16 8.5v9M16 22.4v.2"/>'],
  unknown: [
    '#4d5563',
    '<path d="M12.3 13a3.7 3.7 0 1 1 5.3 3.3c-1.1.6-1.6 1.3-1.6 2.5M16 22.8v.2"/>',
  ],
  empty: ['#0b4fb3', '<path d="M10.5 16h11M16 10.5v11"/>'],
};

/** The mark in the browser's tab and beside the sentence: a seal with the sign of the state. */
export function markOf(state: State): string {
  const [colour, sign] = SIGNS[state];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<circle cx="16" cy="16" r="15" fill="${colour}"/>
<circle cx="16" cy="16" r="12" fill="none" stroke="#fff" stroke-width="1.2" stroke-dasharray="2 2.3"/>
<g fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round">${sign}</g>
</svg>
`;
}

/** Where the mark of a state is served. */
export function markPath(state: State): string {
  return `/page/${state}.svg`;
}

export const STATES = [
  'well',
  'waiting',
  'unwell',
  'unknown',
  'empty',
] as const satisfies readonly State[];
