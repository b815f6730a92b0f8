import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { median, printTable } from '../measure.ts';

const RUNS = 7;
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const PARTS: readonly [string, string][] = [
  ['nothing', ''],
  ['zod, which every room has', "await import('zod');"],
  ['the trust room', "await import('#shared/trust/verifier.ts');"],
  [
    '… and a key to check with',
    "await import('#shared/trust/verifier.ts'); await import('@sigstore/verify');",
  ],
  [
    '… and an Ed25519 key',
    "await import('#shared/trust/verifier.ts'); await import('@sigstore/verify'); await import('@noble/curves/ed25519.js');",
  ],
  [
    '… and an identity',
    "await import('#shared/trust/verifier.ts'); await import('#shared/trust/keyless-authority.ts'); await import('#shared/trust/trusted-root.ts');",
  ],
];

/** What a process pays to load each part, in milliseconds over one that loads nothing; sources, not bundles. */
export async function benchImports(): Promise<void> {
  const floor = startUp('');
  const rows = [['import, ms', 'over nothing']];
  for (const [name, code] of PARTS) rows.push([name, (startUp(code) - floor).toFixed(0)]);
  process.stdout.write('Imports, each in processes of their own\n');
  printTable(rows);
}

function startUp(code: string): number {
  const args = ['--input-type=module', '-e', code];
  const samples = Array.from({ length: RUNS }, () => {
    const began = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
    if (status !== 0) throw new Error(`Import failed: ${stderr}`);
    return performance.now() - began;
  });
  return median(samples);
}
