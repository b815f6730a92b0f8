import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readBindings } from '#test/terraform/bindings.ts';
import { iamPage } from '#test/terraform/iam-page.ts';
import { type ModuleSource, readModule, type Resource } from '#test/terraform/read-module.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const { bindings, withoutPermission } = readBindings();
const calls = [...bindings.flatMap((binding) => binding.calls), ...withoutPermission];

let source: ModuleSource;
let granted: readonly Resource[];
beforeAll(async () => {
  source = await readModule();
  granted = source.resources.filter(({ type }) => /_iam_(?:member|binding|policy)$/.test(type));
});

/** The block of a resource, as it is written. */
function blockOf({ type, address, file }: Resource): string {
  const [, name] = address.split('.');
  const text = source.texts.get(file) ?? '';
  const start = text.indexOf(`resource "${type}" "${name}" {`);
  return text.slice(start, text.indexOf('\n}\n', start));
}

describe('the list of bindings', () => {
  it('has every binding of the module, and no other', () => {
    expect(bindings.map(({ binding }) => binding).toSorted()).toEqual(
      granted.map(({ address }) => address).toSorted(),
    );
  });

  it('has the very roles of the module', () => {
    const custom = [
      'google_project_iam_member.fleet',
      'google_project_iam_member.endpoint',
      'google_project_iam_member.history',
      'google_kms_crypto_key_iam_member.sign',
      'google_kms_crypto_key_iam_member.publish',
    ];
    for (const resource of granted.filter(({ address }) => !custom.includes(address))) {
      const listed = bindings.find(({ binding }) => binding === resource.address);
      const written = blockOf(resource).match(/roles\/[A-Za-z.]+/g) ?? [];
      expect([resource.address, listed?.role]).toEqual([resource.address, written.join(', ')]);
    }
  });

  it.each([
    ['google_project_iam_member.fleet', 'fleet.tf'],
    ['google_project_iam_member.endpoint', 'endpoints.tf'],
    ['google_project_iam_member.history', 'records.tf'],
    ['google_kms_crypto_key_iam_member.sign', 'builder.tf'],
    ['google_kms_crypto_key_iam_member.publish', 'builder.tf'],
  ])('has every permission of the custom roles, and no other: %s', (name, file) => {
    const text = source.texts.get(file) ?? '';
    const permissions = new Set(
      text.match(
        /"(?:cloudkms|container|datastore|gkehub|resourcemanager)\.[a-zA-Z]+\.[a-zA-Z.]+"/g,
      ),
    );
    permissions.delete('"cloudkms.googleapis.com"');
    const listed = bindings.find(({ binding }) => binding === name);
    expect(listed?.permissions.map((one) => `"${one}"`).toSorted()).toEqual(
      [...permissions].toSorted(),
    );
  });

  it('only ever adds members: what others granted is left alone', () => {
    expect(granted.filter(({ type }) => !type.endsWith('_iam_member'))).toEqual([]);
  });

  it('grants no account a basic role, nor all users any', () => {
    const text = [...source.texts.values()].join('\n');
    expect(text).not.toMatch(/roles\/(?:owner|editor|viewer)"|allUsers|allAuthenticatedUsers/);
  });

  it.each(calls.map((call) => [call.call, call.source, call.text] as const))(
    'names a call that is there: %s in %s',
    (_, path, text) => {
      expect(existsSync(join(ROOT, path))).toBe(true);
      expect(readFileSync(join(ROOT, path), 'utf8')).toContain(text);
    },
  );

  it('has every API of Google that the code calls', () => {
    const hosts = new Set(
      globSync('{shared,functions}/**/*.ts', { cwd: ROOT }).flatMap((path) => {
        const text = readFileSync(join(ROOT, path), 'utf8');
        const named = text.match(/(?<=')(?:https:\/\/)?[a-z]+\.(?:googleapis|gstatic)\.com/g) ?? [];
        const clients = [...text.matchAll(/import\('@google-cloud\/([a-z-]+)'\)/g)];
        return [
          ...named.map((host) => host.replace('https://', '')),
          ...clients.map(([, name = '']) => `${name.replaceAll('-', '')}.googleapis.com`),
        ];
      }),
    );
    // A name of types, which no code calls.
    hosts.delete('type.googleapis.com');
    expect(hosts).toContain('artifactregistry.googleapis.com');
    expect(hosts).toContain('gkehub.googleapis.com');
    const listed = new Set(calls.map(({ api }) => api));
    expect([...hosts].filter((host) => !listed.has(host))).toEqual([]);
  });

  it('is what docs/iam.md shows', () => {
    expect(readFileSync(join(ROOT, 'docs/iam.md'), 'utf8')).toBe(iamPage());
  });
});
