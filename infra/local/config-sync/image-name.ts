/** An image as a registry client asks for it. */
export interface ImageName {
  readonly host: string;
  readonly path: string;
  /** A tag, or a digest; a tag beside a digest does not count. */
  readonly reference: string;
  readonly pinned: boolean;
}

const DOCKER_HUB = 'index.docker.io';
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const TAG = /^[A-Za-z0-9_.-]{1,128}$/;
const PATH = /^[a-z0-9_./-]{2,255}$/;
const LOCAL = [
  /^localhost(:\d+)?$/,
  /^127(\.\d{1,3}){3}(:\d+)?$/,
  /^\[?::1\]?(:\d+)?$/,
  /^10(\.\d{1,3}){3}(:\d+)?$/,
  /^192\.168(\.\d{1,3}){2}(:\d+)?$/,
  /^172\.(1[6-9]|2\d|3[01])(\.\d{1,3}){2}(:\d+)?$/,
  /^[^:/]+\.local(:\d+)?$/,
];

/** Reads an image as oci-sync's library does; throws, saying why, what it refuses. */
export function parseImageName(image: string): ImageName {
  const [name = '', digest, ...more] = image.split('@');
  if (more.length > 0) throw refusal(image, 'it has more than one "@"');
  if (digest !== undefined && !DIGEST.test(digest)) throw refusal(image, 'its digest is none');
  const colon = name.lastIndexOf(':');
  const tagged = colon > name.lastIndexOf('/');
  const tag = tagged ? name.slice(colon + 1) : 'latest';
  if (!TAG.test(tag)) throw refusal(image, 'its tag is none');
  const { host, path } = splitHost(tagged ? name.slice(0, colon) : name);
  if (name === '' || !PATH.test(path)) throw refusal(image, 'its repository is none');
  return { host, path, reference: digest ?? tag, pinned: digest !== undefined };
}

/** Where a registry is asked: plain http for local ones (facts/config-sync.md section 3), https for all others. */
export function baseUrl(host: string): string {
  return `${LOCAL.some((pattern) => pattern.test(host)) ? 'http' : 'https'}://${host}`;
}

function splitHost(name: string): { host: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  if (/[.:]/.test(first) || first === 'localhost')
    return { host: first, path: name.slice(slash + 1) };
  return { host: DOCKER_HUB, path: slash < 0 ? `library/${name}` : name };
}

function refusal(image: string, why: string): Error {
  return new Error(`failed to parse reference "${image}": ${why}`);
}
