import { parse } from 'yaml';
import * as z from 'zod';
import type { RSyncManifest } from '#test/fixtures/rsync-manifests.ts';

/** Where one manifest ends and the next begins: in YAML, in a block of Markdown, in a script. */
const BETWEEN = /^\s*(?:---.*|```.*|EOF|.*<<-?\s*["']?EOF["']?.*)$/;
const KIND = /^(\s*)kind:\s*["']?(?:RootSync|RepoSync)\b/;
const VERSION = /^(\s*)apiVersion:\s*["']?configsync\.gke\.io\/v1(?:alpha|beta)1\b/;
/** What the reader of a guide is to fill in: `${TENANT}`, `$TENANT`. */
const OPEN = /\$\{?([A-Za-z_]\w*)\}?/g;

const labels = z.record(z.string(), z.coerce.string()).nullish();
/** What people write; a resourceVersion or a uid, say, would be another cluster's. */
const manifestSchema = z.object({
  apiVersion: z.string(),
  kind: z.enum(['RootSync', 'RepoSync']),
  metadata: z.object({
    name: z.string(),
    namespace: z.string().optional(),
    labels,
    annotations: labels,
  }),
  spec: z.record(z.string(), z.unknown()),
});

/**
 * The RootSyncs and RepoSyncs of a public file: YAML, or a page or script that shows some. What a template leaves open
 * has the name of its variable then. A RepoSync without a namespace gets one; a document that is no YAML is left out.
 */
export function readManifests(text: string): RSyncManifest[] {
  return splitText(text).flatMap((lines) => {
    const begins = [KIND, VERSION].map((field) => lines.findIndex((line) => field.test(line)));
    if (begins.includes(-1)) return [];
    const own = lines.slice(Math.min(...begins));
    const [, indent = ''] = /^(\s*)/.exec(own[0] ?? '') ?? [];
    const found = parseManifest(own.map((line) => line.replace(indent, '')).join('\n'));
    return found === undefined ? [] : [found];
  });
}

function splitText(text: string): string[][] {
  const parts: string[][] = [[]];
  for (const line of text.split(/\r?\n/)) {
    if (BETWEEN.test(line)) parts.push([]);
    else parts.at(-1)?.push(line);
  }
  return parts;
}

function parseManifest(document: string): RSyncManifest | undefined {
  const filled = document.replaceAll(OPEN, (_, name: string) => asName(name));
  try {
    const { apiVersion, kind, metadata, spec } = manifestSchema.parse(parse(filled));
    const namespace = kind === 'RootSync' ? 'config-management-system' : 'team-a';
    return {
      apiVersion,
      kind,
      metadata: {
        name: asName(metadata.name),
        namespace: asName(metadata.namespace ?? namespace),
        labels: metadata.labels ?? {},
        annotations: metadata.annotations ?? {},
      },
      spec,
    };
  } catch {
    return undefined;
  }
}

function asName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}
