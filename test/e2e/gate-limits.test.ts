import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { celList, celString } from '#infra/kubernetes/gate/cel.ts';
import type { GateInput } from '#infra/kubernetes/gate/gate-input.ts';
import { renderGate } from '#infra/kubernetes/gate/render.ts';
import { createImageRules } from '#shared/config/image-rules.ts';
import { parseReference } from '#shared/core/reference.ts';
import { fc } from '#test/fixtures/fast-check.ts';
import { rootSync, type RSyncManifest } from '#test/fixtures/rsync-manifests.ts';
import type { KubeAnswer } from '#infra/local/real/kube-request.ts';
import {
  collectionOf,
  pathOf,
  startSyncCluster,
  type SyncCluster,
  until,
} from './tools/sync-cluster.ts';

const IDENTITY = 'countersign@acme.iam.gserviceaccount.com';
const DIGEST = `sha256:${'e'.repeat(64)}`;

/** Judges what the config names, and as little else as there is. */
const LAX = { mayHold: 'anyone', unmatched: 'ignore', otherSources: 'ignore' } as const;

let cluster: SyncCluster;
beforeAll(async () => {
  cluster = await startSyncCluster({ everybodyMay: true });
});
afterAll(() => cluster?.close());

/** As a user who may write RSyncs; nothing is stored. */
function tryCreate(manifest: RSyncManifest, user = 'dev@acme.example'): Promise<KubeAnswer> {
  const path = `${collectionOf(manifest)}?dryRun=All`;
  return cluster.send({ method: 'POST', path, user, body: manifest });
}

function announcing(image: string, more: Record<string, string> = {}): RSyncManifest {
  return rootSync({ 'configsync.gke.io/image-to-sync': `${image}@${DIGEST}`, ...more }, image);
}

/** Applies the gate, and waits until the user who alone may approve in it may. */
async function applyGate(input: Omit<GateInput, 'identity'>): Promise<void> {
  applied += 1;
  const identity = `${applied}-${IDENTITY}`;
  await cluster.applyYaml(renderGate({ ...input, identity }, 'deny'));
  const approval = rootSync({ 'countersign.dev/approved': DIGEST }, undefined, 'probe');
  await until(async () => {
    const { status, body } = await tryCreate(approval);
    return status === 422 && JSON.stringify(body).includes(`only ${identity} may`);
  });
}
let applied = 0;

describe('scope under ignore', () => {
  const globs = ['a.b/c/*', 'a.b/**/z', 'index.docker.io/acme/**', 'docker.example:5000/team-*'];
  const hosts = ['a.b', 'A.b', 'a.b:443', 'a.b:0443', 'a.b.', 'docker.io', 'index.docker.io'];
  const more = ['registry-1.docker.io:443', 'docker.example:5000', 'localhost', 'axb', 'x.y'];
  const paths = ['c', 'z', 'acme', 'team-a', 'library', 'nginx', 'C', '..', 'é'];
  const images = fc
    .tuple(
      fc.option(fc.constantFrom(...hosts, ...more), { nil: undefined }),
      fc.array(fc.constantFrom(...paths), { minLength: 1, maxLength: 4 }),
      fc.constantFrom('', ':v1', ':', `@${DIGEST}`, `:v1@${DIGEST}`, '@sha256:0'),
    )
    .map(
      ([host, path, rest]) =>
        `${[...(host === undefined ? [] : [host]), ...path].join('/')}${rest}`,
    );

  /** What the service makes of it; what it cannot read is judged, and so are ports with leading zeros. */
  function isJudged(image: string): boolean {
    if (/^[^/]*:0/.test(image)) return true;
    try {
      const { repository } = parseReference(image);
      const rules = globs.map(
        (match) => ({ match, trust: 'x', effect: 'gate', downgrade: 'warn' }) as const,
      );
      return createImageRules(rules).match(repository) !== undefined;
    } catch {
      return true;
    }
  }

  it('agrees with the service on generated images', async () => {
    const rules = globs.map((match) => ({ match, effect: 'gate' as const }));
    await applyGate({ ...LAX, breakGlass: [], images: rules });
    const seen = { judged: 0, ignored: 0 };
    await fc.assert(
      fc.asyncProperty(images, async (image) => {
        const judged = isJudged(image);
        seen[judged ? 'judged' : 'ignored'] += 1;
        expect({ image, status: (await tryCreate(announcing(image))).status }).toEqual({
          image,
          status: judged ? 422 : 201,
        });
      }),
      { numRuns: 400 },
    );
    expect(Math.min(seen.judged, seen.ignored)).toBeGreaterThan(40);
  });
});

describe('CEL literals', () => {
  it('hold any text, as the API server reads them', async () => {
    const texts = fc.sample(fc.string({ unit: 'binary', maxLength: 30 }), 200);
    const hostile = [
      '" || true || "',
      "' || true",
      '\\',
      '\\" || true',
      '${x}',
      'a\nb\r\u2028',
      '\u0000',
    ];
    const all = [...hostile, ...texts];
    const expression = `${celList(all)}[int(object.data.index)] == object.data.text && object.data.text.matches(".*") == true && ${celString('"')} != ""`;
    const metadata = { name: 'literals' };
    const group = 'admissionregistration.k8s.io/v1';
    await cluster.apply({
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: [''],
              apiVersions: ['v1'],
              operations: ['CREATE'],
              resources: ['configmaps'],
            },
          ],
        },
        validations: [{ expression }],
      },
    });
    await cluster.apply({
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: 'literals', validationActions: ['Deny'] },
    });
    const send = async (index: number, text: string): Promise<number> => {
      const data = { index: String(index), text };
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'literal' }, data };
      const path = '/api/v1/namespaces/team-a/configmaps?dryRun=All';
      return (await cluster.send({ method: 'POST', path, body })).status;
    };
    await until(async () => (await send(0, 'another text')) === 422);
    for (const [index, text] of all.entries()) {
      expect({ text, status: await send(index, text) }).toEqual({ text, status: 201 });
    }
  });
});

const statusSchema = z.object({ kind: z.literal('Status'), message: z.string() });

/** The words of a refusal; empty where there is none. */
function whyOf(body: unknown): string {
  return statusSchema.safeParse(body).data?.message ?? '';
}

describe('the largest gate', () => {
  const team = 'team'.repeat(20);
  const images = Array.from({ length: 1_000 }, (_, index) => ({
    match: `us-docker.pkg.dev/acme/configs/${team}-${index}/**`,
    effect: index % 40 < 20 ? ('gate' as const) : ('pin' as const),
  }));
  const breakGlass = Array.from({ length: 1_000 }, (_, index) => `oncall-${index}@acme.example`);

  beforeAll(() => applyGate({ ...LAX, breakGlass, images }));

  it.each([
    ['the first', 'us-docker.pkg.dev/acme/configs/' + team + '-0/app:v1', 422],
    ['the last', 'us-docker.pkg.dev/acme/configs/' + team + '-999/app:v1', 422],
    ['none', 'us-docker.pkg.dev/acme/other/' + team + '/app:v1', 201],
    ['none, as long as a path may be', `a.example/${'a/'.repeat(120)}a:${'v'.repeat(128)}`, 201],
  ])('stays within the cost limits for an image of %s of its entries', async (_, image, status) => {
    const answer = await tryCreate(announcing(image));
    expect(answer.status).toBe(status);
    expect(whyOf(answer.body)).not.toContain('budget');
  });

  const many = (count: number): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`a.example/key-${index}`, 'x']),
    );

  it.each([
    ['as many annotations as there may be', 256, 201, ''],
    ['one more', 257, 422, 'at most 256 annotations'],
    ['as many as an object may have', 12_000, 422, 'at most 256 annotations'],
  ])('stays within them for %s', async (_, count, status, why) => {
    const answer = await tryCreate(announcing('x.example/a:v1', many(count)));
    expect(answer.status).toBe(status);
    expect(whyOf(answer.body)).toContain(why);
    expect(whyOf(answer.body)).not.toContain('budget');
  });

  it('admits Countersign’s writes within them', async () => {
    const image = `us-docker.pkg.dev/acme/configs/${team}-999/app:v1`;
    const old = rootSync(many(256), image, 'many');
    await cluster.apply(old);
    const body = {
      metadata: { annotations: { 'countersign.dev/approved': DIGEST } },
      spec: { oci: { image: `${image}@${DIGEST}` } },
    };
    const answer = await cluster.send({
      method: 'PATCH',
      path: pathOf(old),
      type: 'application/merge-patch+json',
      user: `${applied}-${IDENTITY}`,
      body,
    });
    expect({ status: answer.status, why: whyOf(answer.body) }).toEqual({ status: 200, why: '' });
  });
});
