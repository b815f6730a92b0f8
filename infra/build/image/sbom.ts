import * as z from 'zod';
import { run } from './run.ts';

/** The SBOM of what is bundled from `inputs`, files as esbuild names them, and of Node. The same for the same sources. */
export async function readSbom(root: string, inputs: readonly string[]): Promise<string> {
  const args = ['sbom', '--sbom-format=spdx', '--package-lock-only'];
  const installed: unknown = JSON.parse(await run('npm', args, root));
  return `${JSON.stringify(imageSbom(installed, inputs), undefined, 1)}\n`;
}

/** The part of an SPDX 2.3 document (as `npm sbom` writes it) that is read; the rest is kept as it is. */
const Document = z.looseObject({
  name: z.string(),
  documentDescribes: z.array(z.string()),
  creationInfo: z.looseObject({ created: z.string() }),
  packages: z.array(z.looseObject({ SPDXID: z.string(), packageFileName: z.string() })),
  relationships: z.array(
    z.looseObject({ spdxElementId: z.string(), relatedSpdxElement: z.string() }),
  ),
});

/** A package's folder, the innermost one, as the lock file names it. */
const PACKAGE = /(?<![^/])node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+(?=\/)/;
/**
 * Of everything that is installed, what is in the bundles: the packages that esbuild read (its metafile's inputs), and
 * Node. What only develops or tests is not in the image, and scanners should not say that it is.
 */
export function imageSbom(installed: unknown, inputs: readonly string[]): object {
  const document = Document.parse(installed);
  const bundled = new Set(inputs.map((input) => PACKAGE.exec(input)?.[0]));
  bundled.delete(undefined);
  // In the image beside the bundles: Node itself comes from its package.
  bundled.add('node_modules/node');
  const packages = document.packages.filter(
    ({ packageFileName, SPDXID }) =>
      bundled.has(packageFileName) || document.documentDescribes.includes(SPDXID),
  );
  const missing = [...bundled].filter(
    (path) => !packages.some(({ packageFileName }) => packageFileName === path),
  );
  if (missing.length > 0) {
    throw new Error(`Bundled, but not in the lock file: ${missing.join(', ')}; run npm install`);
  }
  const ids = new Set(['SPDXRef-DOCUMENT', ...packages.map(({ SPDXID }) => SPDXID)]);
  return {
    ...document,
    // The same for the same sources, for the SBOM is part of the image.
    documentNamespace: `https://countersign.dev/spdx/${document.name}`,
    creationInfo: { ...document.creationInfo, created: '1970-01-01T00:00:00Z' },
    packages,
    relationships: document.relationships.filter(
      ({ spdxElementId: from, relatedSpdxElement: to }) => ids.has(from) && ids.has(to),
    ),
  };
}
