import { join } from 'node:path';
import type { Heavy } from './heavy.ts';

/**
 * Loads each part of `Heavy` when it is called for. `root`: where `dist` and `.local` are.
 *
 * @example
 * const heavy = openHeavy({ root: join(import.meta.dirname, '..', '..') });
 */
export function openHeavy({ root }: { readonly root: string }): Heavy {
  const places = { bundles: join(root, 'dist'), home: join(root, '.local') };
  return {
    openJudge: async (file) => (await import('./verify/open.ts')).openJudge(file),
    openFleet: async (file) => (await import('./preflight/open.ts')).openFleet(file),
    openLetters: async (file) => (await import('./letters/open.ts')).openLetters(file),
    async renderGate(file, mode) {
      const { loadConfig } = await import('#shared/config/load-config.ts');
      const { readGateInput } = await import('#infra/kubernetes/gate/gate-input.ts');
      const { renderGate } = await import('#infra/kubernetes/gate/render.ts');
      return renderGate(readGateInput(await loadConfig(file)), mode);
    },
    idToken: async (audience) =>
      (await import('#functions/wiring/google-token.ts')).readIdToken(audience),
    runLocal: async (options) =>
      (await import('#infra/local/run-local.ts')).runLocal(options, places),
    runDemo: async (effect) => (await import('#infra/local/run-demo.ts')).runDemo(effect, places),
  };
}
