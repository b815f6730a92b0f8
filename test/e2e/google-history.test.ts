import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HistoryPage } from '#functions/api/history/operation.ts';
import { printTable } from './google/print-table.ts';
import { openWorld, PROJECT, type World } from './google/world.ts';

// The recorder of events and the API that reads them, as the accounts and with the roles that the module gives them, at an
// emulated Google (docs/store.md#history). Each permission is withheld once.

const memberOf = (name: 'history' | 'api'): string =>
  `serviceAccount:countersign-${name}@${PROJECT}.iam.gserviceaccount.com`;
const RECORDS = `firestore/projects/${PROJECT}/databases/countersign-records`;
const LETTERS = 'countersign-dead-letters';

let world: World;
beforeAll(async () => {
  world = await openWorld([['images = [{', 'records = { history_days = 400 }\n  images = [{']]);
  const names = ['history', 'api'] as const;
  await Promise.all(names.map((name) => world.start(name, memberOf(name))));
});
afterAll(() => world?.close());
beforeEach(() => world.installation.google.weather.withheld.clear());

const idOf = (name: string): string => createHash('sha256').update(name).digest('hex');

function publish(name: string, data = '{"message":"Approved"}'): Promise<number> {
  return world.deliveries.push('countersign-status-history', {
    data: Buffer.from(data).toString('base64'),
    attributes: {
      'ce-id': idOf(name),
      'ce-time': new Date().toISOString(),
      'ce-type': 'dev.countersign.sync.approved.v1',
      severity: 'INFO',
    },
  });
}

async function read(): Promise<{ status: number; ids: readonly string[] }> {
  const { tokens } = world.installation.google;
  const audience = `https://countersign-api.${PROJECT}.internal`;
  const email = `countersign-caller@${PROJECT}.iam.gserviceaccount.com`;
  const token = tokens.idToken({ email, audience, includeEmail: true });
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${world.urlOf('api')}/v1/history`, { headers });
  const { data } = HistoryPage.safeParse(await answer.json());
  return { status: answer.status, ids: data?.events.map(({ id }) => id) ?? [] };
}

describe('with the roles of the module', () => {
  it('an event is recorded once, however often it is delivered', async () => {
    expect([await publish('a'), await publish('a')]).toEqual([200, 200]);
    expect(await read()).toEqual({ status: 200, ids: [idOf('a')] });
  });

  it('what is no event becomes a dead letter', async () => {
    const before = world.tasksOf(LETTERS).length;
    expect(await publish('b', 'no JSON')).toBe(200);
    expect(world.tasksOf(LETTERS).slice(before)).toMatchObject([
      { attributes: { 'countersign-code': 'bad-request' } },
    ]);
  });

  it('the recorder is ready', async () => {
    expect((await fetch(`${world.urlOf('history')}/ready`)).status).toBe(200);
  });

  it('nothing is refused, and nothing is sent that Google does not describe', () => {
    const { used, problems } = world.installation.google;
    expect(used.filter(({ role }) => role === undefined)).toEqual([]);
    expect(problems).toEqual([]);
  });
});

const entities = (verb: string): string => `datastore.entities.${verb}`;
const isReady = async (): Promise<boolean> =>
  (await fetch(`${world.urlOf('history')}/ready`)).status === 200;
const WITHHELD: readonly (readonly ['history' | 'api', string, () => Promise<boolean>])[] = [
  ['history', entities('create'), async () => (await publish('c')) === 200],
  ['history', entities('get'), isReady],
  ['history', entities('list'), isReady],
  ['history', 'pubsub.topics.publish', async () => (await publish('d', 'no JSON')) === 200],
  ['api', entities('get'), async () => (await read()).status === 200],
  ['api', entities('list'), async () => (await read()).status === 200],
];

describe('without one permission', () => {
  it.each(WITHHELD)('%s fails: %s', async (name, permission, work) => {
    const { used, weather } = world.installation.google;
    const from = used.length;
    weather.withheld.add(`${memberOf(name)} ${permission}`);
    expect(await work()).toBe(false);
    const refused = used.slice(from).filter(({ role }) => role === undefined);
    expect(refused[0]).toMatchObject({ member: memberOf(name), permission });
    weather.withheld.clear();
    expect(await work()).toBe(true);
  });
});

describe('what was granted to the recorder', () => {
  it('is what it needed: it can add, and changes and deletes nothing', () => {
    const { used, policies } = world.installation.google;
    const ours = used.filter(({ member, role }) => member === memberOf('history') && role);
    printTable(ours);
    const needed = new Set(ours.map(({ permission }) => permission));
    // Cloud Run reads the config for it.
    needed.delete('secretmanager.versions.access');
    const listed = WITHHELD.flatMap(([name, permission]) => (name === 'history' ? permission : []));
    expect([...needed].toSorted()).toEqual([...listed].toSorted());
    const may = (verb: string) =>
      policies.allows(memberOf('history'), entities(verb), RECORDS) !== undefined;
    const verbs = ['create', 'get', 'list', 'update', 'delete'];
    expect(verbs.filter(may)).toEqual(['create', 'get', 'list']);
    const unused = policies
      .grants()
      .filter(({ member }) => member === memberOf('history'))
      .filter(({ role }) => !ours.some((one) => one.role === role));
    expect(unused.map(({ role }) => role)).toEqual([]);
  });
});
