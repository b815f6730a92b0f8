import type { Call } from './model.ts';

/** A permission, and the resource that it is asked on (as in a grant). */
export interface Needed {
  readonly permission: string;
  readonly on: string;
}

type Rule = string | ((call: Call) => readonly Needed[]);

/**
 * Permission by method. Google's documentation of each API has these tables: cloud.google.com/kms/docs/reference/permissions-and-roles,
 * cloud.google.com/pubsub/docs/access-control, cloud.google.com/firestore/docs/security/iam, cloud.google.com/run/docs/reference/iam/permissions,
 * cloud.google.com/secret-manager/docs/access-control, cloud.google.com/iam/docs/service-account-permissions, cloud.google.com/artifact-registry/docs/access-control,
 * cloud.google.com/kubernetes-engine/docs/reference/api-permissions.
 */
const RULES: Readonly<Record<string, Rule>> = {
  'artifactregistry.projects.locations.repositories.dockerImages.get':
    'artifactregistry.dockerimages.get',
  'cloudkms.projects.locations.keyRings.cryptoKeys.get': 'cloudkms.cryptoKeys.get',
  'cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.get':
    'cloudkms.cryptoKeyVersions.get',
  'cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.list':
    'cloudkms.cryptoKeyVersions.list',
  'cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.getPublicKey':
    'cloudkms.cryptoKeyVersions.viewPublicKey',
  'cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.asymmetricSign':
    'cloudkms.cryptoKeyVersions.useToSign',
  'cloudresourcemanager.projects.get': 'resourcemanager.projects.get',
  'container.projects.locations.clusters.list': 'container.clusters.list',
  'firestore.projects.databases.documents.batchGet': 'datastore.entities.get',
  'firestore.projects.databases.documents.runQuery': documents('get', 'list'),
  'firestore.projects.databases.documents.runAggregationQuery': documents('get', 'list'),
  'firestore.projects.databases.documents.commit': forWrites,
  'gkehub.projects.locations.memberships.list': 'gkehub.memberships.list',
  'iamcredentials.projects.serviceAccounts.generateAccessToken': ofAccount('getAccessToken'),
  'iamcredentials.projects.serviceAccounts.generateIdToken': ofAccount('getOpenIdToken'),
  'logging.entries.write': 'logging.logEntries.create',
  'pubsub.projects.subscriptions.acknowledge': 'pubsub.subscriptions.consume',
  'pubsub.projects.subscriptions.get': 'pubsub.subscriptions.get',
  'pubsub.projects.subscriptions.modifyAckDeadline': 'pubsub.subscriptions.consume',
  'pubsub.projects.subscriptions.pull': 'pubsub.subscriptions.consume',
  'pubsub.projects.topics.publish': 'pubsub.topics.publish',
  'pubsub.projects.topics.subscriptions.list': 'pubsub.topics.get',
  'run.namespaces.services.get': runService('get'),
  'run.namespaces.services.replaceService': runService('update'),
  'secretmanager.projects.secrets.versions.access': 'secretmanager.versions.access',
};

/** What a call needs. Throws where nothing is known of the method: a call that is not accounted for. */
export function neededFor(call: Call): readonly Needed[] {
  const rule = RULES[call.method];
  if (rule === undefined) throw new Error(`No permission is known for ${call.method}`);
  if (typeof rule === 'function') return rule(call);
  // `…/publicKey` is a way to look at a version.
  const on = `${call.api}/${call.name.replace(/\/publicKey$/, '')}`;
  return [{ permission: rule, on }];
}

/** `projects/-/serviceAccounts/NAME@PROJECT.iam.gserviceaccount.com`: its project is in its name. */
function ofAccount(verb: string): Rule {
  return ({ name }) => {
    const email = name.split('/').at(-1) ?? '';
    const [, project = ''] = /@([^.]+)\.iam\.gserviceaccount\.com$/.exec(email) ?? [];
    const on = `iam/projects/${project}/serviceAccounts/${email}`;
    return [{ permission: `iam.serviceAccounts.${verb}`, on }];
  };
}

/** On the database: documents have no policies. */
function databaseOf({ name }: Call): string {
  return `firestore/${name.split('/').slice(0, 4).join('/')}`;
}

function documents(...verbs: readonly string[]): Rule {
  return (call) =>
    verbs.map((verb) => ({ permission: `datastore.entities.${verb}`, on: databaseOf(call) }));
}

/** A write makes, changes or deletes by its precondition; without one, both of the first two are asked for. */
function forWrites(call: Call): readonly Needed[] {
  const { writes = [] } = Object(call.body);
  const verbs = new Set<string>();
  for (const write of writes) {
    const { delete: deleted, verify, currentDocument = {} } = Object(write);
    if (deleted !== undefined) verbs.add('delete');
    else if (verify !== undefined) verbs.add('get');
    else {
      if (currentDocument.exists !== true && currentDocument.updateTime === undefined)
        verbs.add('create');
      if (currentDocument.exists !== false) verbs.add('update');
    }
  }
  return [...verbs].map((verb) => ({
    permission: `datastore.entities.${verb}`,
    on: databaseOf(call),
  }));
}

/** Version 1 names a service by its namespace; who deploys hands the account of the revision over. */
function runService(verb: 'get' | 'update'): Rule {
  return ({ host, name, body }) => {
    const [, project = '', , service = ''] = name.split('/');
    const location = host.replace('-run.googleapis.com', '');
    const on = `run/projects/${project}/locations/${location}/services/${service}`;
    const needed = [{ permission: `run.services.${verb}`, on }];
    if (verb === 'get') return needed;
    const account = String(Object(body).spec?.template?.spec?.serviceAccountName);
    const place = `iam/projects/${project}/serviceAccounts/${account}`;
    return [...needed, { permission: 'iam.serviceAccounts.actAs', on: place }];
  };
}
