import type { Store } from '#shared/store/store.ts';
import type { Process } from '../sim/process.ts';
import type { SimStore } from '../sim/store.ts';

/** The store as one process sees it: each call may fail, or be the last that the process made. */
export function createStorePort(
  process: Pick<Process, 'call' | 'name'>,
  { store }: SimStore,
): Store {
  return new Proxy(store, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return (...given: unknown[]) =>
        process.call('store', (): unknown => Reflect.apply(method, target, given));
    },
  });
}
