import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHeavy } from '#functions/cli/open-heavy.ts';
import { type Run, runProgramWith } from '#test/fixtures/run-program.ts';

const FULL = join(import.meta.dirname, '../../../fixtures/config/full.yaml');
const NO_GATE = join(import.meta.dirname, '../../../fixtures/config/full-local.yaml');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-gate-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]): Promise<Run> {
  return runProgramWith(['gate', 'render', ...args], {
    heavy: openHeavy({ bundles: folder, home: folder }),
  });
}

describe('countersign gate render', () => {
  it.each([
    [[FULL], '- Deny'],
    [[FULL, '--mode', 'deny'], '- Deny'],
    [['--mode=warn', FULL], '- Warn'],
  ])('renders for %j', async (args, action) => {
    const { code, out, err } = await run(...args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(action);
    expect(out).toContain('countersign@p.iam.gserviceaccount.com');
  });

  it.each([
    [[], 'countersign.yaml'],
    [[FULL, FULL], 'too many arguments'],
    [[FULL, '--mode', 'audit'], 'deny'],
    [[FULL, '--no-such'], '--no-such'],
  ])('exits with 2 for %j', async (args, said) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(said);
  });

  it('asks for a gate where the config has none', async () => {
    const { code, out, err } = await run(NO_GATE);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('gate.identity');
  });

  it('prints no policy for a config with problems, but each problem with its place', async () => {
    const path = join(folder, 'bad.yaml');
    writeFileSync(path, readFileSync(FULL, 'utf8').replace('breakGlass:', 'breakglass:'));
    const { code, out, err } = await run(path);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/bad\.yaml:\d+:\d+.*breakglass/);
  });

  it('says that a file cannot be read', async () => {
    const { code, err } = await run(join(folder, 'absent.yaml'));
    expect(code).toBe(2);
    expect(err).toContain('absent.yaml');
  });
});
