import { CountersignError } from '#shared/core/errors.ts';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Whether a URL is of this machine. */
export function isLoopback({ hostname }: URL): boolean {
  return LOOPBACK.has(hostname);
}

/**
 * The URL of an API. Throws `bad-request` for what is none, and for one that a token must not go to. `from`: the option or
 * variable that has it.
 */
export function checkUrl(text: string, from: string): URL {
  const url = URL.parse(text);
  // `localhost:8080` is a URL, of the scheme `localhost:`.
  if (url === null || !text.includes('://')) {
    const guess = URL.parse(`https://${text}`);
    if (guess === null) throw bad(`${from}: ${text} is no URL: write https://HOST`);
    const scheme = isLoopback(guess) ? 'http' : 'https';
    throw bad(`${from}: ${text} has no scheme: write ${scheme}://${text}`);
  }
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))) return url;
  throw bad(
    url.protocol === 'http:'
      ? `${from}: ${text} is neither https nor on this machine, and a token would be readable: write https://${url.host}`
      : `${from}: ${text} is not of the web: write https://${url.host}`,
  );
}

function bad(message: string): CountersignError {
  return new CountersignError('bad-request', message);
}
