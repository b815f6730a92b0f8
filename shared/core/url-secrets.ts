/** One word of a text, as far as a URL may reach. */
const WORD = /[^\s"'<>\\]+/g;
const SCHEME = '://';
/** What follows the "@" of a pinned image, which no password stands before. */
const DIGEST = /^sha\d{3}:/;

/**
 * `text` without the user names and passwords of its URLs (`https://user:password@host`, `user:password@host`), and
 * without their queries, which may carry a token. Everything else stays. Linear in the length of the text.
 */
export function withoutUrlSecrets(text: string): string {
  if (!text.includes('@') && !text.includes('?')) return text;
  return text.replaceAll(WORD, cleanWord);
}

function cleanWord(word: string): string {
  const [scheme = '', ...urls] = word.split(SCHEME);
  if (urls.length === 0) return withoutPair(word);
  let clean = scheme;
  for (const url of urls) {
    const { authority, path } = splitAuthority(url);
    const query = path.indexOf('?');
    clean += `${SCHEME}${authority.slice(authority.lastIndexOf('@') + 1)}`;
    // What follows belongs to the query, another URL too.
    if (query >= 0) return `${clean}${path.slice(0, query)}`;
    clean += path;
  }
  return clean;
}

/** `user:password@host/path`, without a scheme; of `image:tag@sha256:…` nothing is a password. */
function withoutPair(word: string): string {
  const { authority, path } = splitAuthority(word);
  const at = authority.lastIndexOf('@');
  const pair = authority.slice(0, at);
  const host = authority.slice(at + 1);
  return at > 0 && pair.includes(':') && !DIGEST.test(host) ? `${host}${path}` : word;
}

function splitAuthority(url: string): { readonly authority: string; readonly path: string } {
  const end = url.search(/[/?#]/);
  return end < 0
    ? { authority: url, path: '' }
    : { authority: url.slice(0, end), path: url.slice(end) };
}

/** One address to be shown: without user, password and query, whatever it looks like; a blank or quote ends nothing. */
export function showAddress(address: string): string {
  const [place = ''] = address.replaceAll(/[\s"'<>\\]/g, '\ufffd').split('?', 1);
  return withoutUrlSecrets(place);
}
