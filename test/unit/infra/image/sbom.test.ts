import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { imageSbom } from '#infra/build/image/sbom.ts';

function spdx(path: string) {
  const name = path.replace(/^.*node_modules\//, '');
  return {
    name,
    SPDXID: `SPDXRef-${path.replaceAll('/', '-')}`,
    packageFileName: path,
    kept: true,
  };
}
const OURS = { name: 'countersign', SPDXID: 'SPDXRef-countersign', packageFileName: '' };
const INSTALLED = [
  'node_modules/node',
  'node_modules/zod',
  'node_modules/@hono/node-server',
  'node_modules/a',
  'node_modules/a/node_modules/b',
  'node_modules/vitest',
];
const DOCUMENT = {
  spdxVersion: 'SPDX-2.3',
  name: 'countersign@0.1.0',
  documentNamespace: 'https://example.com/once',
  documentDescribes: [OURS.SPDXID],
  creationInfo: { created: '2026-11-22T09:00:00Z', creators: ['Tool: npm'] },
  packages: [OURS, ...INSTALLED.map(spdx)],
  relationships: INSTALLED.map((path) => ({
    spdxElementId: OURS.SPDXID,
    relatedSpdxElement: spdx(path).SPDXID,
    relationshipType: 'DEPENDS_ON',
  })),
};
const read = z.looseObject({
  packages: z.array(z.looseObject({ packageFileName: z.string() })),
  relationships: z.array(z.looseObject({ relatedSpdxElement: z.string() })),
});

function sbomOf(inputs: readonly string[]) {
  return read.parse(imageSbom(DOCUMENT, inputs));
}

describe('imageSbom()', () => {
  it('keeps what is bundled, Node and ourselves', () => {
    const sbom = sbomOf([
      'functions/push/open.ts',
      'node_modules/zod/v4/index.js',
      'node_modules/@hono/node-server/dist/index.mjs',
      '../elsewhere/node_modules/a/node_modules/b/index.js',
      'lazy-package:zod',
    ]);
    const paths = sbom.packages.map(({ packageFileName }) => packageFileName);
    const expected = [
      '',
      'node_modules/node',
      'node_modules/zod',
      'node_modules/@hono/node-server',
      'node_modules/a/node_modules/b',
    ];
    expect(paths).toEqual(expected);
    expect(sbom.packages[1]).toMatchObject({ kept: true });
    expect(sbom.relationships).toHaveLength(4);
  });

  it('is the same whenever it is made', () => {
    const later = { ...DOCUMENT, documentNamespace: 'https://example.com/twice' };
    const creationInfo = { ...DOCUMENT.creationInfo, created: '2027-01-01T00:00:00Z' };
    const inputs = ['node_modules/zod/index.js'];
    expect(imageSbom({ ...later, creationInfo }, inputs)).toEqual(imageSbom(DOCUMENT, inputs));
  });

  it('refuses what is bundled and not in the lock file', () => {
    expect(() => sbomOf(['node_modules/stray/index.js'])).toThrow('node_modules/stray');
  });
});
