import { CountersignError } from '#shared/core/errors.ts';

/**
 * Refuses what a page of somebody else made a browser send: IAP's cookie, or a loopback address, would let it in. A
 * browser names the Origin of every POST; what names none is no browser, unless it says `Sec-Fetch-Site`. A form asks
 * for the proof, for it needs no script. Throws `forbidden`.
 */
export function checkOrigin(
  { headers, url }: Pick<Request, 'headers' | 'url'>,
  { needed }: { readonly needed: boolean },
): void {
  const site = headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin') throw foreign();
  const origin = headers.get('origin');
  if (origin === null) {
    if (needed && site === null) throw foreign();
    return;
  }
  if (hostOf(origin) !== hostOf(url)) throw foreign();
}

/** Host and port; undefined for `null`, which sandboxed pages send. */
function hostOf(origin: string): string | undefined {
  const url = URL.parse(origin);
  return url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')
    ? undefined
    : url.host;
}

function foreign(): CountersignError {
  return new CountersignError('forbidden', 'The request comes from another site');
}
