import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gateCommand } from '#infra/kubernetes/gate/gate-command.ts';

const FULL = join(import.meta.dirname, '../../../../fixtures/config/full.yaml');
const NO_GATE = join(import.meta.dirname, '../../../../fixtures/config/full-local.yaml');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-gate-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await gateCommand(args, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  });
  return { code, out, err };
}

describe('gateCommand()', () => {
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

  it.each([[[]], [[FULL, FULL]], [[FULL, '--mode', 'audit']], [[FULL, '--no-such']]])(
    'shows its usage for %j',
    async (args) => {
      const { code, out, err } = await run(...args);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toContain('Usage: npm run gate');
    },
  );

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
