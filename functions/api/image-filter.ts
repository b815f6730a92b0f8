import { defined } from '#shared/core/defined.ts';
import { parseReference } from '#shared/core/reference.ts';

/** Which image is asked for. */
export interface ImageFilter {
  /** `host/path`. */
  readonly repository?: string;
  /** With `repository`: this very reference, in normal form up to its tag. */
  readonly tag?: string;
  /** With `repository`: what is on the image, or is to be: a digest, or that of the index or chart behind it. */
  readonly digest?: string;
}

/** A tag counts only where it was written: the normal form of none is `latest`. Throws `bad-reference`. */
export function imageFilter(image: string | undefined): ImageFilter {
  if (image === undefined) return {};
  const { repository, tag, digest } = parseReference(image);
  const [name = ''] = image.split('@', 1);
  return defined({ repository, tag: name.endsWith(`:${tag}`) ? tag : undefined, digest });
}
