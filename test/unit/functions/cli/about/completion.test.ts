import { spawnSync } from 'node:child_process';
import { Argument, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { completionScript, SHELLS } from '#functions/cli/about/completion.ts';
import { spellVerbs } from '#functions/cli/about/spell-verbs.ts';
import { GLOBAL_OPTIONS } from '#functions/cli/options.ts';
import type { Verb } from '#functions/cli/verb.ts';
import { VERBS } from '#functions/cli/verbs.ts';

const SPELLED = spellVerbs(VERBS, GLOBAL_OPTIONS);

/** What bash would offer after these words; the last one is being typed. */
function offers(script: string, ...words: readonly string[]): readonly string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const typed = [
    script,
    `COMP_WORDS=(countersign ${quoted}) COMP_CWORD=${words.length}`,
    '_countersign; printf "%s\\n" "${COMPREPLY[@]}"',
  ].join('\n');
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', typed], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe('the completion of bash', () => {
  const script = completionScript('bash', SPELLED);

  it.each([
    [['stat'], ['status']],
    [['roll'], ['rollouts', 'rollout']],
    [['rollout', 'pa'], ['pause']],
    [['rollout', 'pause', '--rea'], ['--reason']],
    [
      ['local', ''],
      ['up', 'demo', 'stop', 'start'],
    ],
    [['status', '--outp'], ['--output']],
    [['status', '-o', 'js'], ['json']],
    [
      ['status', '--output', ''],
      ['table', 'wide', 'json', 'yaml', 'name', 'nomos'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['nothing', '--'], []],
  ])('offers after %j just %j', (words, expected) => {
    expect(offers(script, ...words)).toEqual(expected);
  });

  it('offers every verb and noun, once', () => {
    const first = offers(script, '');
    expect(new Set(first).size).toBe(first.length);
    expect(first).toEqual([...new Set(SPELLED.map(({ words: [word] }) => word))]);
  });

  it('offers every option of every verb', () => {
    for (const { words, options } of SPELLED) {
      const long = options.flatMap((option) => option.long ?? []);
      expect(new Set(offers(script, ...words, '--'))).toEqual(new Set(long));
    }
  });

  it('offers the names of files where one is asked for', () => {
    expect(offers(script, 'preflight', '--config', '/etc/passw')).toContain('/etc/passwd');
  });
});

describe('completion', () => {
  const hidden = new Option('--secret', 'not for people').hideHelp();
  const verb: Verb = {
    name: 'ask',
    about: `what's asked: a "thing" of $HOME`,
    kind: 'plain',
    takes: [new Argument('<what>').choices(['this', 'that'])],
    options: [new Option('--how <way>', `it's done`).choices(['so', 'else']), hidden],
    run: async () => 0,
  };

  it.each(SHELLS)('of %s leaves out what is hidden', (shell) => {
    const script = completionScript(shell, spellVerbs([verb], []));
    expect(script).toContain('how');
    expect(script).not.toContain('secret');
  });

  it('offers the choices of an argument', () => {
    const nouned = { ...verb, name: 'up', noun: 'local' as const };
    const script = completionScript('bash', spellVerbs([verb, nouned], []));
    expect(offers(script, 'ask', 'th')).toEqual(['this', 'that']);
    expect(offers(script, 'ask', '--how', '')).toEqual(['so', 'else']);
  });
});
