import type { CauseKind } from '#shared/overview/causes.ts';
import type { Tally } from '#shared/store/store.ts';

type Counted = Tally['causes'][number];

/** The last part of an image's name: all of it is beside it. */
export function shortImage(image: string): string {
  return image.split('/').at(-1) ?? image;
}

/** Twelve digits of a digest, enough to distinguish it from others. */
export function shortDigest(key: string): string {
  return key.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]{52}$/, '$1');
}

/** `1 cluster`, `12,000 clusters`. */
export function numberOf(number: number, noun: string): string {
  return `${sayCount(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** With a comma for each thousand. */
export function sayCount(number: number): string {
  return `${number}`.replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** What is wrong with how many, and what runs there meanwhile, in one sentence. */
export function sayCause(cause: Counted): string {
  const { kind, image, reason, clusters, syncs, running } = cause;
  const name = image === undefined ? 'An image' : shortImage(image);
  const why = reason === undefined ? '' : ` (${sayReason(reason)})`;
  const on = `${numberOf(syncs, 'RSync')} on ${numberOf(clusters, 'cluster')}`;
  const keep = running === undefined ? '' : ` ${sayRunning(syncs, running)}`;
  return SENTENCES[kind]({ ...cause, name, why, on, keep });
}

/** `keep running sha256:0123456789ab`. */
function sayRunning(syncs: number, running: string): string {
  return `keep${syncs === 1 ? 's' : ''} running ${shortDigest(running)}`;
}

/** Codes as words: `wrong-key` is `wrong key`. */
function sayReason(reason: string): string {
  return /^[a-z]/.test(reason) ? reason.replaceAll('-', ' ') : `KNV${reason}`;
}

type Parts = Counted & Readonly<Record<'name' | 'why' | 'on' | 'keep', string>>;

const SENTENCES: Readonly<Record<CauseKind, (parts: Parts) => string>> = {
  unguarded: ({ name, on, syncs, running }) =>
    `${on} run${syncs === 1 ? 's' : ''} ${running === undefined ? name : `${shortDigest(running)} of ${name}`}, which is not approved`,
  'break-glass': ({ name, on }) => `Break-glass for ${name}: ${on}`,
  untrusted: ({ name, why, on, keep }) => `${name} is untrusted${why}: ${on}${keep}`,
  unusable: ({ name, why, on, keep }) => `${name} cannot be used${why}: ${on}${keep}`,
  refused: ({ name, on, keep }) => `${name} is refused: ${on}${keep}`,
  blocked: ({ name, why, on, keep }) =>
    `${name} is blocked by an admission check${why}: ${on}${keep}`,
  failed: ({ name, why, on, keep }) => `Config Sync fails on ${name}${why}: ${on}${keep}`,
  stalled: ({ name, why, on, keep }) => `Config Sync has stopped on ${name}${why}: ${on}${keep}`,
  unapproved: ({ name, on, keep }) => `${name} is verified, and a rule keeps it away: ${on}${keep}`,
  forbidden: ({ clusters, syncs }) =>
    `${numberOf(clusters, 'cluster')} ${clusters === 1 ? 'refuses' : 'refuse'} access: what ${numberOf(syncs, 'RSync')} there run${syncs === 1 ? 's' : ''} is not known`,
  unreachable: ({ clusters, syncs }) =>
    `${numberOf(clusters, 'cluster')} ${clusters === 1 ? 'is' : 'are'} out of reach, with ${numberOf(syncs, 'RSync')}: nothing new gets there`,
  'no-config-sync': ({ clusters }) =>
    `${numberOf(clusters, 'cluster')} ${clusters === 1 ? 'has' : 'have'} no Config Sync`,
  unchecked: ({ name, on, keep }) => `${name} could not be checked: ${on}${keep}`,
  unsettled: ({ name, why, on, keep }) =>
    `RSyncs of ${name} cannot be looked at${why}: ${on}${keep}`,
  incomplete: ({ name, on, keep }) => `${name} waits for another signature: ${on}${keep}`,
  unsigned: ({ name, on, keep }) => `${name} waits for its signature: ${on}${keep}`,
};
