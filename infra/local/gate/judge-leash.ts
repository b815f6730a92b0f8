import { isDeepStrictEqual } from 'node:util';
import { isRecord, type KubeObject } from '../kube/object.ts';
import { APPROVED, type GateConfig, IMAGE_TO_SYNC, RECEIPT } from './config.ts';
import type { Review } from './review.ts';

const OWN_KEYS = [APPROVED, RECEIPT, IMAGE_TO_SYNC];
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const EXACT_VERSION = /^v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$/;

/**
 * DESIGN section 6 (c), law 10: what Countersign's own identity may change, and nothing else.
 * `mayPin`: the config has `effect: pin` for the image.
 */
export function judgeLeash(
  review: Review,
  config: GateConfig,
  mayPin: boolean,
): string | undefined {
  if (review.user !== config.identity) return undefined;
  const { object, old } = review;
  if (old === undefined) return `${config.identity} may not create a ${review.kind}`;
  if (isDeepStrictEqual(fixedPart(object, old, mayPin), fixedPart(old, old, mayPin)))
    return undefined;
  return `${config.identity} may change only ${OWN_KEYS.join(', ')}, and under effect pin the digest or version of the same repository`;
}

/** What must stay: an allowed pin is read as if it were not there. */
function fixedPart(object: KubeObject, old: KubeObject, mayPin: boolean): unknown {
  const { labels = {}, annotations = {}, finalizers = [], ownerReferences = [] } = object.metadata;
  const others = Object.entries(annotations).filter(([key]) => !OWN_KEYS.includes(key));
  const spec = mayPin ? unpinSpec(object['spec'], old['spec']) : object['spec'];
  return { labels, annotations: Object.fromEntries(others), finalizers, ownerReferences, spec };
}

function unpinSpec(spec: unknown, old: unknown): unknown {
  if (!isRecord(spec) || !isRecord(old)) return spec;
  return {
    ...spec,
    ...unpinField(spec['oci'], old['oci'], 'oci', 'image', isPinOf),
    ...unpinField(spec['helm'], old['helm'], 'helm', 'version', (_, version) =>
      EXACT_VERSION.test(version),
    ),
  };
}

function unpinField(
  source: unknown,
  old: unknown,
  part: string,
  field: string,
  allows: (before: string, after: string) => boolean,
): Record<string, unknown> {
  if (!isRecord(source) || !isRecord(old)) return {};
  const [before, after] = [old[field], source[field]];
  if (typeof before !== 'string' || typeof after !== 'string') return {};
  return allows(before, after) ? { [part]: { ...source, [field]: before } } : {};
}

// The repository and its tag stay as written; the tag alone may go, for a digest says it all.
function isPinOf(before: string, after: string): boolean {
  const [name = ''] = before.split('@');
  const [pinned, digest = '', ...more] = after.split('@');
  const repository = name.replace(/:[^/:]*$/, '');
  return more.length === 0 && DIGEST.test(digest) && (pinned === name || pinned === repository);
}
