import { describe, expect, it } from 'vitest';
import { manualPage } from '#functions/cli/about/manual.ts';
import { spellVerbs } from '#functions/cli/about/spell-verbs.ts';
import { TOPICS } from '#functions/cli/about/topics.ts';
import { GLOBAL_OPTIONS } from '#functions/cli/options.ts';
import { VERBS } from '#functions/cli/verbs.ts';

const SPELLED = spellVerbs(VERBS, GLOBAL_OPTIONS);
const page = manualPage(SPELLED, { version: '1.2.3', commit: 'c'.repeat(40) });

describe('the manual page', () => {
  it('has every verb, option and topic', () => {
    for (const { words, about, options } of SPELLED) {
      expect(page).toContain(`.B ${words.join(' ').replaceAll('-', '\\-')}`);
      expect(page).toContain(about.replaceAll('-', '\\-'));
      for (const { long } of options) expect(page).toContain(String(long).replaceAll('-', '\\-'));
    }
    for (const topic of Object.keys(TOPICS)) {
      expect(page).toContain(`.SH ${topic.toUpperCase().replaceAll('-', ' ')}\n`);
    }
  });

  it('begins no line with what roff would take for a request', () => {
    const requests = page.split('\n').filter((line) => /^[.']/.test(line));
    const known = /^\.(?:TH|SH|TP|PP|RS|RE|B|I|RI|nf|fi)(?: |$)/;
    expect(requests.filter((line) => !known.test(line))).toEqual([]);
  });
});
