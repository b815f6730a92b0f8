import { openSqliteStore } from '#shared/store/sqlite-store.ts';
import { clusterRecord } from '#test/contract/store/suite.ts';

// One of several processes that write at the same time; run by sqlite.test.ts with PATH, NAME and COUNT.
const [, , path = '', name = '', count = '0'] = process.argv;
const store = openSqliteStore({ path });
for (let index = 0; index < Number(count); index += 1) {
  await store.writeCluster(clusterRecord(`${name}-${index}`, { message: name }));
  // Both processes fight over this one: the later start must win, whichever is faster.
  const reconciledAt = new Date(Date.UTC(2026, 10, 22) + index * 2 + Number(name)).toISOString();
  await store.writeCluster(clusterRecord('shared', { reconciledAt, message: name }));
}
await store.close();
