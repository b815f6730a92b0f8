import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, openInstallation } from './google/installation.ts';
import { OWNER } from './google/start.ts';

// The database of what roll-outs have decided, from its making to the end of the installation, with Terraform itself and
// an emulated Google Cloud (docs/restore.md#the-records). The steps follow each other.

const VARIABLES = ['-var=project_id=acme-prod', '-var=people=["ops@acme.example"]'];
const KEY = 'module.countersign.google_kms_crypto_key.release[0]';
const DATABASES = 'projects/acme-prod/databases';

let installation: Installation;

beforeAll(async () => {
  installation = await openInstallation('single-project', VARIABLES);
  await installation.edit(
    'images = [{',
    'waits = { bindings = 0, metrics = 0 }\n  records = {}\n  images = [{',
  );
  const applied = await installation.apply();
  if (applied.code !== 0) throw new Error(applied.text);
});
afterAll(() => installation?.close());

const resource = (name: string) => installation.google.resources.get(`firestore/${name}`);

/** Databases that are backed up each day, and for how long. */
function backups(): readonly string[] {
  return [...installation.google.resources]
    .filter(([name, { dailyRecurrence }]) => name.includes('/backupSchedules/') && dailyRecurrence)
    .map(([name, { retention }]) => `${name.split('/')[4]} ${String(retention)}`);
}

/** What members may do with a database, by their accounts. */
function rights(database: string): Readonly<Record<string, string>> {
  const { policies } = installation.google;
  const on = `firestore/${DATABASES}/${database}`;
  const verbs = ['get', 'list', 'create', 'update', 'delete'];
  const names = ['countersign', ...['push', 'sweep', 'api'].map((name) => `countersign-${name}`)];
  return Object.fromEntries(
    names.map((name) => {
      const member = `serviceAccount:${name}@acme-prod.iam.gserviceaccount.com`;
      const may = verbs.filter((verb) => policies.allows(member, `datastore.entities.${verb}`, on));
      return [name, may.join(' ')];
    }),
  );
}

const ALL = 'get list create update delete';
const READ = 'get list';

describe('the database of the records', () => {
  it('is protected, keeps its versions, and is backed up each day', () => {
    expect(resource(`${DATABASES}/countersign-records`)).toMatchObject({
      deleteProtectionState: 'DELETE_PROTECTION_ENABLED',
      pointInTimeRecoveryEnablement: 'POINT_IN_TIME_RECOVERY_ENABLED',
      type: 'FIRESTORE_NATIVE',
    });
    expect(backups()).toEqual(['countersign-records 8467200s']);
  });

  it('is written by push, sweep and api, and only read by cluster', () => {
    const writers = { 'countersign-push': ALL, 'countersign-sweep': ALL };
    expect(rights('countersign-records')).toEqual({
      ...writers,
      countersign: READ,
      'countersign-api': ALL,
    });
    expect(rights('countersign')).toEqual({
      ...writers,
      countersign: ALL,
      'countersign-api': READ,
    });
  });

  it('is then as it is described: the next plan is empty', async () => {
    expect(await installation.plan()).toBe(0);
  });

  it('is deleted by no call, whoever makes it', () => {
    const host = 'firestore.googleapis.com';
    const path = `/v1/${DATABASES}/countersign-records`;
    const call = { host, verb: 'DELETE', path, query: new URLSearchParams(), body: undefined };
    expect(installation.google.handle({ ...call, member: OWNER }).status).toBe(400);
    expect(resource(`${DATABASES}/countersign-records`)).toBeDefined();
  });

  it('gives way to a clone that is named in its place, and stays', async () => {
    installation.google.add(`firestore/${DATABASES}/countersign-records-2`);
    await installation.edit(
      'records = {}',
      'records = { database = "countersign-records-2", existing = true }',
    );
    expect(await installation.apply()).toMatchObject({ code: 0 });
    expect(resource(`${DATABASES}/countersign-records`)).toBeDefined();
    expect(backups()).toEqual(['countersign-records-2 8467200s']);
    expect(rights('countersign-records')['countersign-sweep']).toBe('');
    expect(rights('countersign-records-2')['countersign-sweep']).toBe(ALL);
    const config = 'secretmanager/projects/acme-prod/secrets/countersign-config/versions/2';
    const { data } = Object(installation.google.resources.get(config)).payload;
    expect(Buffer.from(data, 'base64').toString()).toContain('"countersign-records-2"');
    expect(await installation.plan()).toBe(0);
  });

  it('outlives the installation', async () => {
    await installation.terraform('state', 'rm', KEY);
    const gone = await installation.terraform('destroy', '-auto-approve', ...VARIABLES);
    expect(gone.code).toBe(0);
    const left = [...installation.google.resources.keys()].filter(
      (name) => name.startsWith('firestore/') && name.split('/').length === 5,
    );
    expect(left.toSorted()).toEqual(
      ['countersign-records', 'countersign-records-2'].map((id) => `firestore/${DATABASES}/${id}`),
    );
    expect(installation.google.problems).toEqual([]);
  });
});
