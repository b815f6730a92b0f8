import { posix } from 'node:path';
import * as z from 'zod';
import { showAddress } from '#shared/core/url-secrets.ts';
import { MAX_IMAGE, MAX_WORD } from './limits.ts';

const gitSchema = z.object({
  repo: z.string().max(MAX_IMAGE).default(''),
  branch: z.string().max(MAX_WORD).default(''),
  revision: z.string().max(MAX_WORD).default(''),
  dir: z.string().max(MAX_IMAGE).default(''),
});

/** `image[/dir]`, as nomos shows it; `.` is the whole image. */
export function showImage({ image, dir }: { image: string; dir: string }): string {
  return `${trimSlash(showAddress(image))}${showDir(dir)}`;
}

/** `repo/chart:version`, as nomos shows it; `latest` where no version is asked for. */
export function showChart(helm: { repo: string; chart: string; version?: string }): string {
  return `${trimSlash(showAddress(helm.repo))}/${helm.chart}:${helm.version || 'latest'}`;
}

/** `repo[/dir]@revision`, as nomos shows it; nothing where there is no `spec.git` to show. */
export function showGit(git: unknown): { readonly shown?: string } {
  const parsed = gitSchema.safeParse(git);
  if (!parsed.success) return {};
  const { repo, branch, revision, dir } = parsed.data;
  const fixed = revision === 'HEAD' ? '' : revision;
  return { shown: `${trimSlash(showAddress(repo))}${showDir(dir)}@${fixed || branch || 'master'}` };
}

/** Relative to its root, which is `.` itself, as Config Sync shows it. */
export function normaliseDir(dir: string): string {
  return posix.normalize(dir.replace(/^\/+/, '')).replace(/(?<=.)\/$/, '');
}

function showDir(dir: string): string {
  const relative = normaliseDir(dir);
  return relative === '.' ? '' : `/${relative}`;
}

function trimSlash(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text;
}
