import { APPROVED, BREAK_GLASS, IMAGE_TO_SYNC } from './config.ts';
import { reconcilerUser } from './reconciler-user.ts';
import { isTouched, type Review } from './review.ts';

const OCI_SCHEME = 'oci://';
const HELM_MARK = '@sha256:';
const MAX_SHOWN = 512;

/**
 * DESIGN section 6 (a): once there is an approval, everything that the RSync's own reconciler
 * announces must be approved, unchanged or not (a withdrawn digest arrives unchanged); before
 * that, and by anybody else, every change must.
 */
export function judgeImage(review: Review): string | undefined {
  const value = review.annotations[IMAGE_TO_SYNC];
  if (value === undefined) return undefined;
  const own = review.user === reconcilerUser(review.kind, review.namespace, review.name);
  const judged = APPROVED in review.annotations && own;
  if (!judged && !isTouched(review, IMAGE_TO_SYNC)) return undefined;
  const announced = readAnnounced(review, value);
  const place = `${review.kind} ${review.namespace}/${review.name}`;
  if (announced === 'latest') {
    return `chart version latest cannot be approved for ${place}; set spec.helm.version to one exact version`;
  }
  if (announced !== undefined && mayPass(review, announced)) return undefined;
  return `${show(announced ?? value)} is not approved for ${place}; sign it, or ask Countersign why with GET /v1/explain`;
}

/** One line, and not more than an error can show: the text is a tenant's. */
function show(text: string): string {
  if (/[\r\n]/.test(text)) return 'the announced image';
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function mayPass(review: Review, announced: string): boolean {
  const approved = (review.annotations[APPROVED] ?? '').split(' ');
  const [broken = ''] = (review.annotations[BREAK_GLASS] ?? '').split(' ');
  return approved.includes(announced) || broken === announced;
}

/**
 * What the value says will run, as approvals name it: the part after the last `@`, for
 * `x@sha256:a@sha256:a` is how a pinned image is written; for Helm repository, chart and version.
 * Undefined where the value says nothing that could be approved.
 */
function readAnnounced({ source }: Review, value: string): string | undefined {
  if (source.type !== 'helm') {
    const at = value.lastIndexOf('@');
    return at <= 0 || at === value.length - 1 ? undefined : value.slice(at + 1);
  }
  // Only the chart's own repository: a reconciler that still runs the old spec must not pass.
  const start = `${source.repo}${HELM_MARK}`;
  if (!source.repo.startsWith(OCI_SCHEME) || !value.startsWith(start)) return undefined;
  const version = value.slice(start.length);
  if (version === '' || version === 'latest') return version || undefined;
  return `${source.repo.slice(OCI_SCHEME.length)}/${source.chart}:${version}`;
}
