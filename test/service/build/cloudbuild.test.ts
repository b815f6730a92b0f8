import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { functionEntries } from '#infra/build/bundle.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const FUNCTIONS = Object.keys(await functionEntries(root));
const PINNED = /^[a-z0-9.-]+\.[a-z]+\/[a-z0-9./-]+(?::[\w.-]+)?@sha256:[0-9a-f]{64}$/;
/** Given by Cloud Build itself. */
const BUILT_IN = new Set(['PROJECT_ID', 'BUILD_ID', 'COMMIT_SHA']);

const Build = z.strictObject({
  substitutions: z.record(z.string().regex(/^_[A-Z]+$/), z.string()),
  steps: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      entrypoint: z.string().optional(),
      args: z.array(z.string()),
      env: z.array(z.string()).optional(),
    }),
  ),
  images: z.array(z.string()).optional(),
  timeout: z.string().regex(/^\d+s$/),
  options: z.looseObject({
    logging: z.literal('CLOUD_LOGGING_ONLY'),
    dynamicSubstitutions: z.literal(true),
    requestedVerifyOption: z.literal('VERIFIED').optional(),
    env: z.array(z.string().regex(/^[A-Z_]+=/)),
  }),
});
const scripts = Object.keys(
  z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).scripts,
);

describe.each(['cloudbuild.yaml', 'infra/examples/publish-config/cloudbuild.yaml'])(
  '%s',
  (path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const build = Build.parse(parse(text));
    const folder = join(root, dirname(path));
    const given = build.options.env.map((line) => line.replace(/=.*$/, ''));

    it('runs nothing that is not pinned by digest', () => {
      const images = build.options.env
        .filter((line) => /^[A-Z]+_IMAGE=/.test(line))
        .map((line) => line.replace(/^[A-Z_]+=/, ''));
      const all = [...build.steps.map(({ name }) => name), ...images];
      expect(all.filter((image) => !PINNED.test(image))).toEqual([]);
      expect(images.length).toBeGreaterThan(0);
    });

    it('uses every substitution that it has, and has every one that it uses', () => {
      const used = [...text.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
      const known = new Set([...Object.keys(build.substitutions), ...BUILT_IN]);
      expect(used.filter((name) => !known.has(name))).toEqual([]);
      expect(Object.keys(build.substitutions).filter((name) => !used.includes(name))).toEqual([]);
    });

    it('runs scripts that exist, and gives them every variable that they read', () => {
      const files = build.steps
        .filter(({ entrypoint }) => entrypoint === 'bash')
        .map(({ args }) => join(folder, args[0] ?? ''));
      expect(files.length).toBeGreaterThan(0);
      for (const file of files) {
        expect(existsSync(file)).toBe(true);
        const script = readFileSync(file, 'utf8');
        expect(script).toMatch(/^#!\/usr\/bin\/env bash\n(?:#.*\n)+set -euo pipefail\n/);
        const own = [...script.matchAll(/^\s*(?:for |local )?([A-Z]+)(?:=| in )/gm)].map(
          ([, name]) => name,
        );
        const read = [...script.matchAll(/\$\{?([A-Z][A-Z_]+)\b/g)].map(([, name = '']) => name);
        const missing = read.filter((name) => !given.includes(name) && !own.includes(name));
        expect(missing.filter((name) => !['PWD', 'PATH'].includes(name))).toEqual([]);
      }
    });
  },
);

describe('cloudbuild.yaml', () => {
  const build = Build.parse(parse(readFileSync(join(root, 'cloudbuild.yaml'), 'utf8')));
  const order = build.steps.map(({ id }) => id);

  it('deploys only what was checked, tested, pushed and signed, in this order', () => {
    const expected = 'settings install check bundle test pack image push sign publish deploy smoke';
    expect(order.join(' ')).toBe(expected);
  });

  it('runs npm scripts that exist', () => {
    const run = build.steps.filter(
      ({ entrypoint, args }) => entrypoint === 'npm' && args[0] === 'run',
    );
    expect(run.map(({ args }) => args[1])).toEqual(['check', 'build', 'pack']);
    for (const { args } of run) expect(scripts).toContain(args[1]);
    const dockerfile = readFileSync(join(root, 'infra/image/Dockerfile'), 'utf8');
    expect(dockerfile).toContain('RUN npm run image -- --out /out --revision "$REVISION"');
    expect(scripts).toContain('image');
  });

  it('tests and builds with the same Node image as the Dockerfile', () => {
    const dockerfile = readFileSync(join(root, 'infra/image/Dockerfile'), 'utf8');
    const builder = /^ARG BUILDER=(\S+)$/m.exec(dockerfile)?.[1];
    const npm = build.steps.filter(({ entrypoint }) => entrypoint === 'npm');
    expect(new Set(npm.map(({ name }) => name))).toEqual(new Set([builder]));
  });

  it('deploys functions that exist, consumers of messages before their producers', () => {
    const deployed = build.substitutions['_FUNCTIONS']?.split(' ') ?? [];
    expect(deployed.filter((name) => !FUNCTIONS.includes(name))).toEqual([]);
    expect(FUNCTIONS.filter((name) => !deployed.includes(name))).toEqual(['admission', 'history']);
    expect(deployed[0]).toBe('cluster');
  });

  it('asks for provenance of the very tag that was pushed and signed', () => {
    expect(build.options.requestedVerifyOption).toBe('VERIFIED');
    const tag = '${_IMAGE}:${BUILD_ID}';
    expect(build.images).toEqual([tag, '${_IMAGE}-cli:${BUILD_ID}']);
    const image = build.steps.find(({ id }) => id === 'image');
    expect(image?.args).toContain(`--tag=${tag}`);
    expect(build.options.env).toContain('IMAGE=${_IMAGE}');
    expect(build.options.env).toContain('BUILD=${BUILD_ID}');
  });
});
