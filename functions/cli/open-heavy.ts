import { resolve } from 'node:path';
import { CountersignError } from '#shared/core/errors.ts';
import type { Places } from './about/installation.ts';
import type { Heavy } from './heavy.ts';
import type { LocalPlaces } from '#infra/local/local-world/options.ts';

/**
 * Loads each part of `Heavy` when it is called for.
 *
 * @example
 * const heavy = openHeavy(findPlaces());
 */
export function openHeavy(found: Places): Heavy {
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
    async openObjects(file, kubeconfig) {
      const { openObjectFleet } = await import('./gate/open.ts');
      return openObjectFleet(file, kubeconfig);
    },
    async runLocal(options) {
      const places = placesForWorld(found);
      return (await import('#infra/local/run-local.ts')).runLocal(options, places);
    },
    async runDemo(effect) {
      const places = placesForWorld(found);
      return (await import('#infra/local/run-demo.ts')).runDemo(effect, places);
    },
    async steerLocal({ dir, ...steering }) {
      const { home } = placesForWorld(found);
      const { steerFunction } = await import('#infra/local/steer-function.ts');
      return steerFunction({ ...steering, dir: resolve(dir ?? home) });
    },
  };
}

/** The first with SQLite built in that the functions are tested on. */
const WORLD_NODE = 24;

/** Throws `bad-request` where this installation cannot run the functions. */
function placesForWorld({ bundles, ...places }: Places): LocalPlaces {
  const { node } = process.versions;
  if (bundles === undefined) {
    const message =
      'The local world needs the functions, which only the package and a checkout have: npm install --global ./countersign-cli-VERSION.tgz';
    throw new CountersignError('bad-request', message);
  }
  if (Number(node.split('.', 1)[0]) < WORLD_NODE) {
    const message = `The local world needs Node ${WORLD_NODE} or newer, for its databases, and this is Node ${node}: install it, and run the command by it`;
    throw new CountersignError('bad-request', message);
  }
  return { bundles, ...places };
}
