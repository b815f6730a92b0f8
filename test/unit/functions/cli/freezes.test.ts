import { describe, expect, it } from 'vitest';
import { createApiWorld } from '#test/fixtures/api-world.ts';
import { frozen } from '#test/fixtures/freeze.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { runCountersign as run } from '#test/fixtures/run-countersign.ts';
import { createStagedApiWorld } from '#test/fixtures/staged-api.ts';

describe('countersign freeze', () => {
  it('freezes, lists and lifts', async () => {
    const world = await createStagedApiWorld();
    expect(await run(world, ['freezes'])).toMatchObject({ code: 0, out: 'Nothing is frozen\n' });
    const args = ['freeze', '--image', IMAGE, '--clusters', 'ring = canary', '--reason', 'INC-7'];
    expect(await run(world, [...args, '--dry-run'])).toMatchObject({
      code: 0,
      out: 'Would freeze 1 RSync on 1 cluster\n',
    });
    const frozenNow = await run(world, args);
    const [made] = world.freezes.list();
    const [id, at] = [made?.id ?? '', made?.at ?? ''];
    expect(frozenNow).toMatchObject({ code: 0, out: `Frozen, ${id}: 1 RSync on 1 cluster\n` });
    const line = `${id}  ${IMAGE} in clusters with ring = canary, by local since ${at}: INC-7\n`;
    const listed = await run(world, ['freezes']);
    expect(listed.code).toBe(1);
    expect(listed.out).toContain(
      `\n${id}  ${IMAGE}  ring = canary  0 s  when lifted  local  INC-7\n`,
    );
    expect((await run(world, ['status', '-o', 'nomos'])).out).toContain(`\nFROZEN  ${line}`);
    expect((await run(world, ['status', '--image', IMAGE])).out).toContain(`\nFROZEN  ${line}`);
    expect((await run(world, ['status'])).out).toContain(`countersign unfreeze ${id} `);
    const lift = ['unfreeze', id, '--reason', 'over it is'];
    expect(await run(world, [...lift, '--dry-run'])).toMatchObject({ code: 0 });
    expect(await run(world, lift)).toMatchObject({
      code: 0,
      out: `Unfrozen, ${id}: 1 RSync on 1 cluster\n`,
    });
    expect(world.freezes.list()).toEqual([]);
    expect(world.events.at(-1)?.data).toMatchObject({ reason: 'over it is' });
    expect(await run(world, lift)).toMatchObject({ code: 2 });
  });

  it('says where nothing follows what is frozen, and does it once for a key', async () => {
    const world = await createStagedApiWorld();
    const args = ['freeze', '--clusters', 'ring = none', '--reason', 'x', '--key', 'k1'];
    const { out } = await run(world, args);
    expect(out).toContain('see that image and selector are right');
    expect((await run(world, [...args, '--json'])).out).toContain('"dryRun": false');
    expect(world.freezes.list()).toHaveLength(1);
  });

  it('ends after a while, or at a time', async () => {
    const world = await createStagedApiWorld();
    await run(world, ['freeze', '--reason', 'x', '--for', '7d']);
    await run(world, ['freeze', '--reason', 'x', '--until', '2126-12-01T09:00+01:00']);
    expect(world.freezes.list().map(({ until }) => until)).toEqual([
      '2026-11-29T06:00:00.000Z',
      '2126-12-01T08:00:00.000Z',
    ]);
    const both = ['freeze', '--reason', 'x', '--for', '1h', '--until', '2126-12-01T09:00Z'];
    expect(await run(world, both)).toMatchObject({ code: 2 });
    const bare = ['freeze', '--reason', 'x', '--until', '2126-12-01T09:00'];
    expect(await run(world, bare)).toMatchObject({ code: 2 });
  });

  it('says what is wrong', async () => {
    const world = await createStagedApiWorld();
    expect(await run(world, ['freeze'])).toMatchObject({ code: 2 });
    const passed = ['freeze', '--reason', 'x', '--until', '2020-01-01T00:00:00Z'];
    expect((await run(world, passed)).err).toContain('--until');
    const none = await run(createApiWorld(), ['freeze', '--reason', 'x']);
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('no-records') });
  });

  it('leaves status as it is where nothing is frozen, or the service knows no freezes', async () => {
    const world = await createStagedApiWorld();
    const before = await run(world, ['status']);
    expect(before.out).not.toContain('FROZEN');
    world.freezes.set(JSON.stringify([frozen()]));
    world.freezes.fail();
    expect(await run(world, ['status'])).toEqual(before);
  });
});
