import type { ClusterApi, ObjectPage, PageRequest } from '#shared/fleet/cluster-api.ts';
import type { SyncKind } from '#shared/core/sync-ref.ts';

export interface FakeAnswers {
  readonly list?: (kind: SyncKind, page: PageRequest) => ObjectPage;
  readonly get?: () => unknown;
}

/** A cluster's API that answers as a test asks, and remembers what it was asked. */
export function fakeApi(answers: FakeAnswers): { api: ClusterApi; calls: unknown[][] } {
  const calls: unknown[][] = [];
  const api: ClusterApi = {
    cluster: 'cluster-1',
    list: async (kind, page) => {
      calls.push(['list', kind, page]);
      return answers.list?.(kind, page) ?? { items: [] };
    },
    get: async (ref) => {
      calls.push(['get', ref]);
      return answers.get?.();
    },
    patch: async (ref, body, options) => {
      calls.push(['patch', ref, body, options]);
    },
    discover: async () => true,
    describe: async () => ({}),
  };
  return { api, calls };
}
