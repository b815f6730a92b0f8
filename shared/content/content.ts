import type { ContentRule, Taken } from '#shared/core/content.ts';
import type { Digest } from '#shared/core/digest.ts';
import type { UnusableReason } from '#shared/core/verdict.ts';
import type { ContentFacts } from './facts.ts';

/** What the layers of a digest are. */
export type Content =
  | { readonly status: 'read'; readonly facts: ContentFacts }
  | { readonly status: 'unusable'; readonly reason: UnusableReason; readonly message: string };

/** An image whose layers are wanted. */
export interface ContentOf {
  readonly repository: string;
  /** Of its manifest: an index is none. */
  readonly digest: Digest;
}

/** Reads what is in images. */
export interface ContentReader {
  /**
   * Reads the layers of a digest, once for all who ask and once per instance: within the bounds of `rule`, hashed,
   * streamed. Throws where it could not be found out: the registry's failures, `deadline-exceeded`.
   */
  read(image: ContentOf, rule: ContentRule): Promise<Content>;
}

/** Why what an RSync takes from an image that was read cannot be used; undefined: it can. */
export function problemWith(
  content: Content,
  taken: Taken | undefined,
  { empty }: Pick<ContentRule, 'empty'>,
): Extract<Content, { status: 'unusable' }> | undefined {
  if (content.status === 'unusable') return content;
  const { facts } = content;
  if (taken !== undefined && taken.type !== facts.type)
    return unusable('not-an-image', MIXED[facts.type]);
  const dir = taken?.type === 'oci' ? taken.dir : '.';
  const found = facts.under(dir);
  if (found === 'outside') {
    return unusable('unsafe-entry', `spec.oci.dir ${JSON.stringify(dir)} leads out of the image`);
  }
  if (found === 'something') return undefined;
  if (facts.type === 'helm') {
    return unusable(
      'empty-source',
      'The chart has no Chart.yaml in its folder: Helm cannot load it',
    );
  }
  if (empty === 'allow') return undefined;
  const where = dir === '.' ? 'The image' : `Folder ${JSON.stringify(dir)} of the image`;
  return unusable('empty-source', `${where} ${NOTHING}`);
}

const NOTHING =
  'has no .yaml, .yml or .json file with anything in it: Config Sync would delete all that it applied before. If that is meant, set content.empty: allow on its entry of "images"';

const MIXED = {
  oci: 'It is no Helm chart, and Helm is to pull it',
  helm: 'It is a Helm chart: sync it with sourceType helm',
} as const;

function unusable(
  reason: UnusableReason,
  message: string,
): Extract<Content, { status: 'unusable' }> {
  return { status: 'unusable', reason, message };
}
