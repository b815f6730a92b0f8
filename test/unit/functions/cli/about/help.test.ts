import { describe, expect, it } from 'vitest';
import { TOPICS } from '#functions/cli/about/topics.ts';
import { runProgramWith } from '#test/fixtures/run-program.ts';

describe('countersign help', () => {
  it.each(Object.keys(TOPICS))('explains the topic %s', async (topic) => {
    const { code, out, err } = await runProgramWith(['help', topic]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(TOPICS[topic]?.trim());
  });

  it('explains a verb, a noun and its verb, and what is both topic and noun', async () => {
    const outOf = async (...words: string[]) => (await runProgramWith(['help', ...words])).out;
    expect(await outOf('status')).toContain('Usage: countersign status');
    expect(await outOf('rollout', 'pause')).toContain('Usage: countersign rollout pause');
    expect(await outOf('config')).toMatch(/^The config file[^]*Usage: countersign config/);
    expect(await outOf()).toContain('Usage: countersign [options]');
  });

  it('names the topics where there is none of that name', async () => {
    const { code, out, err } = await runProgramWith(['help', 'exitcodes']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('"exitcodes"');
    expect(err).toContain('exit-codes');
  });
});
