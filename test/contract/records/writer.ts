import { openSqliteRecords } from '#shared/records/sqlite-records.ts';
import { record } from '#test/fixtures/rollout.ts';

// One of several processes that write at the same time; run by sqlite.test.ts with PATH, NAME and how often to win.
const [, , path = '', name = '', count = '0'] = process.argv;
const records = openSqliteRecords({ path });
const { image } = record();
let wins = 0;
while (wins < Number(count)) {
  const over = await records.read(image);
  if (over.record === undefined) throw new Error('The record is gone');
  const next = { ...over.record, version: over.record.version + 1, startedBy: name };
  if (await records.replace(next, over)) wins += 1;
}
await records.close();
process.stdout.write(String(wins));
