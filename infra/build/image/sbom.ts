import * as z from 'zod';

/** The part of an SPDX 2.3 document (as `npm sbom` writes it) that is read; the rest is kept as it is. */
const Package = z.looseObject({
  name: z.string(),
  SPDXID: z.string(),
  packageFileName: z.string(),
});
const Document = z.looseObject({
  name: z.string(),
  documentDescribes: z.array(z.string()),
  creationInfo: z.looseObject({ created: z.string() }),
  packages: z.array(Package),
  relationships: z.array(
    z.looseObject({ spdxElementId: z.string(), relatedSpdxElement: z.string() }),
  ),
});

/** A package's folder, the innermost one, as the lock file names it. */
const PACKAGE = /(?<![^/])node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+(?=\/)/;
/** In the image beside the bundles: Node itself comes from its package. */
const ALWAYS = /^node_modules\/node$/;
/** The same for the same sources, for the SBOM is part of the image. */
const CREATED = '1970-01-01T00:00:00Z';
const NAMESPACE = 'https://countersign.dev/spdx/';

/**
 * Of everything that is installed, what is in the bundles: the packages that esbuild read (its metafile's inputs), and
 * Node. What only develops or tests is not in the image, and scanners should not say that it is.
 */
export function imageSbom(installed: unknown, inputs: readonly string[]): object {
  const document = Document.parse(installed);
  const bundled = new Set(inputs.map((input) => PACKAGE.exec(input)?.[0]));
  const packages = document.packages.filter(
    ({ packageFileName, SPDXID }) =>
      bundled.has(packageFileName) ||
      ALWAYS.test(packageFileName) ||
      document.documentDescribes.includes(SPDXID),
  );
  const missing = [...bundled].filter(
    (path) => path !== undefined && !packages.some((found) => found.packageFileName === path),
  );
  if (missing.length > 0) {
    throw new Error(`Bundled, but not in the lock file: ${missing.join(', ')}; run npm install`);
  }
  const ids = new Set(['SPDXRef-DOCUMENT', ...packages.map(({ SPDXID }) => SPDXID)]);
  return {
    ...document,
    documentNamespace: `${NAMESPACE}${document.name}`,
    creationInfo: { ...document.creationInfo, created: CREATED },
    packages,
    relationships: document.relationships.filter(
      ({ spdxElementId: from, relatedSpdxElement: to }) => ids.has(from) && ids.has(to),
    ),
  };
}
