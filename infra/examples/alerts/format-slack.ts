import type { Alert } from './compose.ts';

const SIGNS: Readonly<Record<Alert['status'], string>> = {
  firing: ':red_circle:',
  growing: ':red_circle:',
  over: ':large_green_circle:',
  notice: ':large_yellow_circle:',
};

/** An alert as an incoming webhook of Slack takes it. */
export function formatSlack(alert: Alert): { text: string } {
  const { status, title, image, digest, members, count, since } = alert;
  const about = [image, digest].filter((part) => part !== undefined).map(escape);
  const lines = [
    `${SIGNS[status]} *${escape(title)}*`,
    ...(about.length === 0 ? [] : [about.join(' ')]),
    ...(status === 'over' ? [] : [`Since ${escape(since)}`]),
    ...members.map(({ name, message }) => `• ${escape(name)}: ${escape(message)}`),
    ...(count > members.length ? [`…and ${count - members.length} more`] : []),
  ];
  return { text: lines.join('\n') };
}

/** Slack's three control characters: no text of ours calls a whole channel, or hides where a link leads. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
