import type { Admit } from './admission.ts';
import { groupVersion, type Kind } from './kinds.ts';
import type { KubeObject } from './object.ts';
import type { KubeRequest, Target } from './request.ts';
import type { Store } from './store.ts';

/** What every verb works with. */
export interface World {
  store: Store;
  clock: () => Date;
  admit: readonly Admit[];
}

/** One resource request: what is asked, of which kind, where. */
export interface Call {
  kind: Kind;
  request: KubeRequest;
  target: Target;
}

/** The stored object a call is about. */
export function currentObject(world: World, { kind, target }: Call): KubeObject | undefined {
  return world.store.get(kind.plural, target.namespace ?? '', target.name ?? '');
}

/** The version that objects are stored in, as `apiVersion`. */
export function storageVersion(kind: Kind): string {
  return groupVersion(kind.group, kind.versions[0]);
}

/** The object as the call's API version shows it; the versions differ in nothing else here. */
export function present({ kind, target }: Call, object: KubeObject): KubeObject {
  return { ...object, apiVersion: groupVersion(kind.group, target.version) };
}
