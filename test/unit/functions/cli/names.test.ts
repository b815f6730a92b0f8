import { describe, expect, it } from 'vitest';
import { didYouMean } from '#functions/cli/names/did-you-mean.ts';
import { readPhase } from '#functions/cli/names/read-phase.ts';
import { readSync } from '#functions/cli/names/read-sync.ts';
import { sayFields } from '#functions/cli/names/say-fields.ts';
import { VERBS } from '#functions/cli/verbs.ts';
import type { Digest } from '#shared/core/digest.ts';
import { A, B, createApiWorld, liveRSync, ROOT } from '#test/fixtures/api-world.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { IMAGE, liveStatus } from '#test/fixtures/rsync.ts';
import { runCountersign as run } from '#test/fixtures/run-countersign.ts';

describe('the name of an RSync', () => {
  it.each([
    ['root-sync', 'RootSync/root-sync'],
    ['RootSync/root-sync', 'RootSync/root-sync'],
    ['rootsync/root-sync', 'RootSync/root-sync'],
    ['rootsyncs/root-sync', 'RootSync/root-sync'],
    ['rootsync.configsync.gke.io/root-sync', 'RootSync/root-sync'],
    ['config-management-system/root-sync', 'RootSync/root-sync'],
    ['rootsync/config-management-system/root-sync', 'RootSync/root-sync'],
    ['team-a/repo-sync', 'RepoSync/team-a/repo-sync'],
    ['RepoSync/team-a/repo-sync', 'RepoSync/team-a/repo-sync'],
    ['reposyncs/team-a/repo-sync', 'RepoSync/team-a/repo-sync'],
    // The words are names as well.
    ['rootsync', 'RootSync/rootsync'],
  ])('%s is %s', (text, expected) => {
    expect(readSync(text)).toBe(expected);
  });

  it.each([
    ['reposync/repo-sync', 'RepoSync/NAMESPACE/NAME'],
    ['', 'is no RSync'],
    ['Root Sync', 'is no RSync'],
    ['rootsync/team-a/root-sync', 'is no RSync'],
    ['reposync/config-management-system/x', 'is no RSync'],
    ['a/b/c', 'is no RSync'],
    ['rootsync/', 'is no RSync'],
  ])('%j is none', (text, said) => {
    expect(() => readSync(text)).toThrow(said);
  });
});

describe('a phase', () => {
  it.each([
    ['synced', 'Synced'],
    ['SYNCED', 'Synced'],
    ['noconfigsync', 'NoConfigSync'],
    ['unknown', 'Unknown'],
  ])('%s is %s', (text, expected) => {
    expect(readPhase(text)).toBe(expected);
  });

  it('that there is not names the nearest', () => {
    expect(() => readPhase('syncd')).toThrow('There is no phase syncd: did you mean Synced?');
  });
});

describe('didYouMean()', () => {
  it.each([
    ['prd', ['dev', 'prod'], 'did you mean prod?'],
    ['cluster-4', ['cluster-1', 'cluster-2'], 'did you mean cluster-1 or cluster-2?'],
    ['repo-sync', ['RootSync/root', 'RepoSync/a/repo-sync'], 'did you mean RepoSync/a/repo-sync?'],
    ['else', ['one', 'two'], 'there is one, two'],
    ['xxxxxx', ['a', 'b', 'c', 'd', 'e', 'f'], 'there is a, b, c, d, e and 1 more'],
    ['x', [], undefined],
  ])('of %s among %j is %s', (wanted, known, expected) => {
    expect(didYouMean(wanted, known)).toBe(expected);
  });
});

describe('a name, as people write it', () => {
  it.each([
    [['explain', 'cluster-1', 'root-sync']],
    [['explain', 'cluster-1', 'rootsync/root-sync']],
    [['status', '--phase', 'synced']],
    [['verify', `oci://${IMAGE}`]],
    [['wait', `${IMAGE}@${A.slice(0, 20)}`]],
    [['wait', `${IMAGE}@${A.slice(7, 20)}`]],
  ])('is understood: %j', async (args) => {
    const world = createApiWorld();
    await world.sweep();
    expect(await run(world, args)).toMatchObject({ code: 0 });
  });

  it('may be a digest cut short where an image says of what', async () => {
    const world = createApiWorld();
    world.tags.set(IMAGE, B);
    world.verdicts.set(B, VERIFIED);
    await world.sweep();
    const args = ['resync', '--image', IMAGE, '--digest', 'bbbbbbbb'];
    expect(await run(world, args)).toMatchObject({ code: 0 });
    expect(world.tasks).toMatchObject([{ digest: B }, { digest: B }, { digest: B }]);
  });

  it('may be cut short no further than it stands for one digest', async () => {
    const other: Digest = `sha256:${'a'.repeat(8)}${'c'.repeat(56)}`;
    const clusters = {
      'cluster-1': [liveRSync()],
      'cluster-2': [liveRSync({ uid: 'other', status: liveStatus(other) })],
    };
    const world = createApiWorld({ clusters });
    await world.sweep();
    const { code, err } = await run(world, ['verify', `${IMAGE}@aaaaaaaa`]);
    expect(code).toBe(2);
    expect(err).toContain(`begin with sha256:aaaaaaaa: write more of it: `);
    expect(err).toContain(other);
    expect((await run(world, ['verify', `${IMAGE}@aaaaaaaaa`])).code).toBe(0);
  });

  it.each([
    [['explain', 'cluster-4', ROOT], 'did you mean cluster-1 or cluster-2 or cluster-3?'],
    [['status', '--cluster', 'clster-1'], 'did you mean cluster-1?'],
    [['explain', 'cluster-1', 'root-snyc'], 'did you mean RootSync/root-sync?'],
    [['status', '--phase', 'sync'], 'did you mean Synced?'],
    [['verify', 'elsewhere.example/x:v1'], `there is ${IMAGE}`],
    [['verify', `${IMAGE}@123456`], 'No digest of'],
    [['verify', `https://${IMAGE}`], 'without https://'],
    [['statsu'], 'Did you mean status?'],
    [['status', '--imgae', 'x'], 'Did you mean --image?'],
  ])('that there is not is answered with what there is: %j', async (args, said) => {
    const world = createApiWorld();
    await world.sweep();
    const { code, out, err } = await run(world, args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(said);
  });

  it('that is right is not suggested in place of itself', async () => {
    const world = createApiWorld();
    await world.sweep();
    const { code, err } = await run(world, ['track', IMAGE]);
    expect(code).toBe(2);
    expect(err).toMatch(/follows versions of [^:]+ \(bad-request\)$/m);
  });
});

describe('what the API says of a field', () => {
  const verb = (name: string, noun?: string) => {
    const found = VERBS.find((one) => one.name === name && one.noun === noun);
    if (found === undefined) throw new Error(`No verb ${name}`);
    return found;
  };

  it.each([
    ['status', undefined, 'query.sync: must be one', '--sync: must be one'],
    ['explain', undefined, 'query.sync: must be one', '<sync>: must be one'],
    ['resync', undefined, 'json.digest: needs json.image', '--digest: needs --image'],
    ['resync', undefined, 'header.idempotency-key: must be ASCII', '--key: must be ASCII'],
    ['rollback', 'rollout', 'json.dryRun: must be true', '--dry-run: must be true'],
    ['status', undefined, 'query.other: is not known', 'query.other: is not known'],
    ['show', 'rollout', 'It is gone: see GET /v1/rollouts', 'It is gone: see countersign rollouts'],
  ])('is said of the option of %s', (name, noun, message, expected) => {
    expect(sayFields(message, verb(name, noun))).toBe(expected);
  });
});
