import { describe, expect, it } from 'vitest';

import type { ImageJudge } from '#functions/cli/verify/image-judge.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { Subject } from '#shared/trust/discover.ts';
import { keyPolicy, createSigningKey } from '#test/fakes/cosign.ts';
import { digestOf } from '#test/fakes/memory-registry.ts';
import { runProgramWith } from '#test/fixtures/run-program.ts';

const IMAGE = 'registry.example/configs/platform:v1';
const digest = digestOf(Buffer.from('image'));
const index = digestOf(Buffer.from('index'));
const policy = keyPolicy([createSigningKey()]);
const verified: Verdict = { status: 'verified', authorities: ['key-1'], candidates: [] };

interface World {
  readonly verdict?: () => Promise<Verdict>;
  readonly found?: Resolution['image'];
  readonly policyOf?: () => TrustPolicy | undefined;
  readonly open?: () => Promise<ImageJudge>;
  readonly env?: Readonly<Record<string, string>>;
}

async function run(args: string[], world: World = {}) {
  const { verdict = async () => verified, found = { status: 'resolved', digest } } = world;
  const asked: Subject[] = [];
  const configs: string[] = [];
  const judge: ImageJudge = {
    policyOf: world.policyOf ?? (() => policy),
    resolve: async () => ({ resolvedAt: '2026-11-22T05:00:00Z', fresh: true, image: found }),
    verifier: {
      verify(subject) {
        asked.push(subject);
        return verdict();
      },
    },
  };
  const openJudge = async (path: string): Promise<ImageJudge> => {
    configs.push(path);
    return world.open === undefined ? judge : world.open();
  };
  const ran = await runProgramWith(['verify', '--local', ...args], {
    env: world.env ?? {},
    heavy: { openJudge },
  });
  return { ...ran, asked, configs };
}

describe('countersign verify --local', () => {
  it('exits with 0 for a verified image, having asked for what would run', async () => {
    const found = { status: 'resolved', digest, index } as const;
    const { code, out, err, asked } = await run([IMAGE], { found });
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('Verified by key-1');
    expect(asked).toEqual([{ repository: 'registry.example/configs/platform', digest, index }]);
  });

  it.each<[string, Verdict]>([
    ['unsigned', { status: 'unsigned' }],
    [
      'untrusted',
      {
        status: 'untrusted',
        candidates: [{ source: digest, format: 'legacy', reason: 'wrong-key', detail: 'No' }],
      },
    ],
  ])('exits with 1 for an image that is %s', async (status, verdict) => {
    const { code, out, err } = await run([IMAGE, '--json'], { verdict: async () => verdict });
    expect([code, err]).toEqual([1, '']);
    expect(JSON.parse(out)).toMatchObject({ image: IMAGE, digest, policy: 'release', verdict });
    expect(verdict.status).toBe(status);
  });

  it('exits with 1 for what cannot be synced at all', async () => {
    const found = { status: 'unusable', reason: 'tag-absent', message: 'Tag is absent' } as const;
    const { code, out, asked } = await run([IMAGE, '--json'], { found });
    expect([code, asked]).toEqual([1, []]);
    expect(JSON.parse(out)).toMatchObject({ reasons: ['tag-absent'] });
  });

  it.each<[string, World]>([
    ['no rule names the image', { policyOf: () => undefined }],
    [
      'the config cannot be used',
      { open: () => Promise.reject(new CountersignError('bad-config', 'Config is bad')) },
    ],
    [
      'the registry is away',
      {
        verdict: () => Promise.reject(new CountersignError('registry-unavailable', 'Away')),
      },
    ],
    ['something else breaks', { verdict: () => Promise.reject(new TypeError('Broken')) }],
  ])('exits with 2 when %s, and says so on standard error only', async (_, world) => {
    const { code, out, err } = await run([IMAGE, '--json'], world);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^\S.*\n$/);
  });

  it.each([
    [[]],
    [['one:v1', 'two:v1']],
    [[IMAGE, '--force']],
    [[IMAGE, '--config']],
    [['registry.example/Configs:v1']],
  ])('exits with 2 for the arguments %j', async (args) => {
    const { code, out, asked } = await run(args);
    expect([code, out, asked]).toEqual([2, '', []]);
  });

  it.each<[string, World]>([
    ['no verdict comes', { verdict: () => new Promise(() => undefined) }],
    [
      'the registry drips',
      { verdict: () => Promise.reject(new CountersignError('deadline-exceeded', 'Too slow')) },
    ],
  ])('exits with 3 when %s', async (_, world) => {
    const { code, out } = await run([IMAGE, '--timeout', '1s'], world);
    expect([code, out]).toEqual([3, '']);
  });

  it('reads the config that an option names', async () => {
    await expect(run([IMAGE, '--config', 'a.yaml'])).resolves.toMatchObject({
      configs: ['a.yaml'],
    });
    await expect(run([IMAGE])).resolves.toMatchObject({ configs: ['countersign.yaml'] });
    const env = { COUNTERSIGN_CONFIG: 'b.yaml' };
    await expect(run([IMAGE], { env })).resolves.toMatchObject({ configs: ['b.yaml'] });
  });

  it('prints nothing of a stranger that rules a terminal or forges a line', async () => {
    const detail = 'No\u001b[2J\u202e\u0007\nVerified by key-1';
    const candidates = [{ source: digest, format: 'bundle', reason: 'malformed', detail }] as const;
    const { out } = await run([IMAGE], {
      verdict: async () => ({ status: 'untrusted', candidates }),
    });
    expect(out).not.toMatch(/[^\P{C}\n]/u);
    expect(out).not.toMatch(/^Verified/m);
  });
});
