/** The mark in the browser's tab and in the header: a seal that is ticked. */
export const MARK = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<circle cx="16" cy="16" r="14" fill="#0b4fb3"/>
<circle cx="16" cy="16" r="11" fill="none" stroke="#fff" stroke-width="1.5" stroke-dasharray="2 2.3"/>
<path d="m10.5 16.5 4 4 7.5-9" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/>
</svg>
`;
