import { posix } from 'node:path';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { type Reference, TAG, parseReference } from '#shared/core/reference.ts';
import type { Source } from '#shared/core/rsync.ts';
import { showAddress } from '#shared/core/url-secrets.ts';
import { MAX_IMAGE, MAX_WORD } from './limits.ts';

const OCI_SCHEME = 'oci://';

/**
 * Helm takes the first segment for the host always; references, as images have them, only when it looks like one, and
 * else for a path on Docker Hub. What is verified must be what Helm pulls.
 */
const HOST_FIRST = /^[^/]*[.:][^/]*\//;

/** Config Sync's webhook accepts no other source types; its CRD defaults to git. */
const specSchema = z.lazy(() =>
  z.object({
    sourceType: z.string().max(MAX_WORD).default('git'),
    git: z.unknown().optional(),
    oci: z.unknown().optional(),
    helm: z.unknown().optional(),
  }),
);

const ociSchema = z.lazy(() =>
  z.object({
    image: z.string().min(1, 'is empty').max(MAX_IMAGE),
    dir: z.string().max(MAX_IMAGE).optional(),
    period: z.string().max(MAX_WORD).optional().catch(undefined),
  }),
);

const helmSchema = z.lazy(() =>
  z.object({
    repo: z.string().min(1, 'is empty').max(MAX_IMAGE),
    chart: z
      .string()
      .min(1, 'is empty')
      .max(MAX_WORD)
      .regex(/^[^/]*$/, 'has a slash'),
    version: z.string().max(MAX_WORD).optional(),
  }),
);

const gitSchema = z.lazy(() =>
  z.object({
    repo: z.string().max(MAX_IMAGE).default(''),
    branch: z.string().max(MAX_WORD).default(''),
    revision: z.string().max(MAX_WORD).default(''),
    dir: z.string().max(MAX_IMAGE).default(''),
  }),
);

/** What an RSync takes its configuration from (docs/facts/config-sync.md#api); never throws. */
export function readSource(spec: unknown): Source {
  const parsed = specSchema.safeParse(spec);
  if (!parsed.success) return invalid('spec', parsed.error);
  const { sourceType, oci, helm, git } = parsed.data;
  if (sourceType === 'oci') return readOci(oci);
  if (sourceType === 'helm') return readHelm(helm);
  return { type: 'other', sourceType, ...showGit(git) };
}

function readOci(oci: unknown): Source {
  const parsed = ociSchema.safeParse(oci);
  if (!parsed.success) return invalid('spec.oci', parsed.error);
  const { image, dir = '', period } = parsed.data;
  const reference = tryParse(image);
  if (typeof reference === 'string') {
    return { ...invalid('spec.oci.image', reference), shown: showImage({ image, dir }) };
  }
  const periodMs = readPeriod(period);
  return defined({ type: 'oci' as const, image, reference, dir: normaliseDir(dir), periodMs });
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A Go duration, such as `1h30m`. Undefined for none, for Config Sync's default `0s`, and for what cannot be read. */
function readPeriod(text: string | undefined): number | undefined {
  if (text === undefined || !/^(?:\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h)){1,4}$/.test(text))
    return undefined;
  let total = 0;
  for (const [, number, unit = ''] of text.matchAll(/([\d.]+)(ms|s|m|h)/g)) {
    total += Number(number) * (UNIT_MS[unit] ?? 0);
  }
  return total > 0 ? total : undefined;
}

function readHelm(helm: unknown): Source {
  const parsed = helmSchema.safeParse(helm);
  if (!parsed.success) return invalid('spec.helm', parsed.error);
  const { repo, chart, version = '' } = parsed.data;
  const shown = showChart({ repo, chart, version });
  if (!repo.startsWith(OCI_SCHEME)) return { type: 'other', sourceType: 'helm', shown };
  // A tag has no "+": Helm pushes and pulls a version's build part behind "_".
  const tag = version.replaceAll('+', '_');
  const path = `${repo.slice(OCI_SCHEME.length)}/${chart}`;
  if (!HOST_FIRST.test(path)) {
    return { ...invalid('spec.helm.repo', 'Host needs a dot, or a port'), shown };
  }
  const reference = tryParse(`${path}:${TAG.test(tag) ? tag : 'latest'}`);
  if (typeof reference === 'string') return { ...invalid('spec.helm.repo', reference), shown };
  return defined({ type: 'helm' as const, repo, chart, version: version || undefined, reference });
}

function tryParse(image: string): Reference | string {
  try {
    return parseReference(image);
  } catch (error) {
    if (error instanceof CountersignError) return error.message;
    throw error;
  }
}

function invalid(
  field: string,
  problem: string | z.ZodError,
): Extract<Source, { type: 'invalid' }> {
  if (typeof problem === 'string') return { type: 'invalid', problem: `${field}: ${problem}` };
  const [issue] = problem.issues;
  const place = [field, ...(issue?.path ?? [])].join('.');
  return { type: 'invalid', problem: `${place}: ${issue?.message ?? 'is unusable'}` };
}

/** `image[/dir]`, as nomos shows it; `.` is the whole image. */
export function showImage({ image, dir }: { image: string; dir: string }): string {
  return `${trimSlash(showAddress(image))}${showDir(dir)}`;
}

/** `repo/chart:version`, as nomos shows it; `latest` where no version is asked for. */
export function showChart(helm: { repo: string; chart: string; version?: string }): string {
  return `${trimSlash(showAddress(helm.repo))}/${helm.chart}:${helm.version || 'latest'}`;
}

/** `repo[/dir]@revision`, as nomos shows it; nothing where there is no `spec.git` to show. */
function showGit(git: unknown): { readonly shown?: string } {
  const parsed = gitSchema.safeParse(git);
  if (!parsed.success) return {};
  const { repo, branch, revision, dir } = parsed.data;
  const fixed = revision === 'HEAD' ? '' : revision;
  return { shown: `${trimSlash(showAddress(repo))}${showDir(dir)}@${fixed || branch || 'master'}` };
}

/** Relative to its root, which is `.` itself, as Config Sync shows it. */
function normaliseDir(dir: string): string {
  return posix.normalize(dir.replace(/^\/+/, '')).replace(/(?<=.)\/$/, '');
}

function showDir(dir: string): string {
  const relative = normaliseDir(dir);
  return relative === '.' ? '' : `/${relative}`;
}

function trimSlash(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text;
}
