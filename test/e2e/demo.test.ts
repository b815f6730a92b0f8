import { expect, it } from 'vitest';
import { expectDemo } from '#test/fixtures/demo-story.ts';

// Under `pin`, as it is by itself: test/service/demo.
it('shows every image on its way under gate as well, and exits 0', async () => {
  expect(await expectDemo('--effect', 'gate')).toMatch(
    /Held: every cluster has pulled it, and shows KNV2002/,
  );
});
