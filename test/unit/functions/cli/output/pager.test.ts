import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createPager } from '#functions/cli/output/pager.ts';

const dir = mkdtempSync(join(tmpdir(), 'countersign-pager-'));
const PATH = '/usr/bin:/bin';

afterAll(() => rmSync(dir, { recursive: true }));

describe('createPager', () => {
  it('gives the text to the pager of the caller', async () => {
    const file = join(dir, 'seen');
    expect(await createPager({ PATH, PAGER: `cat > ${file}` })('all of it\n')).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe('all of it\n');
  });

  it('is quiet where the pager ends before it has read all', async () => {
    expect(await createPager({ PATH, PAGER: 'true' })('x'.repeat(5_000_000))).toBe(true);
  });

  it.each(['', 'cat', ' '])('pages nothing by %j', async (PAGER) => {
    expect(await createPager({ PATH, PAGER })('text')).toBe(false);
  });

  it('says so where there is no such pager', async () => {
    expect(await createPager({ PATH, PAGER: 'no-such-pager-here 2>/dev/null' })('text')).toBe(
      false,
    );
  });
});
