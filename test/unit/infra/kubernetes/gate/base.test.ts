import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { renderGate } from '#infra/kubernetes/gate/render.ts';
import { followedImages, LOCAL_ADMIN, SERVICE_IDENTITY } from '#infra/local/local-world/files.ts';

const BASE = join(import.meta.dirname, '../../../../../infra/kubernetes/gate/base/gate.yaml');

it('gate/base/gate.yaml is what the renderer gives for the local world', () => {
  const input = {
    identity: SERVICE_IDENTITY,
    breakGlass: [LOCAL_ADMIN],
    mayHold: 'countersign' as const,
    images: [{ match: followedImages('127.0.0.1:5000'), effect: 'pin' as const }],
    unmatched: 'deny' as const,
    otherSources: 'deny' as const,
  };
  // Render it again: npm run local, then countersign gate render .local/countersign.yaml
  expect(readFileSync(BASE, 'utf8')).toBe(renderGate(input, 'deny'));
});
