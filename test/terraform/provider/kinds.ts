import type { Naming, Values } from './convert.ts';

/** How hashicorp/google speaks with Google of one type of resource. `{name}` is an attribute; hosts lack `.googleapis.com`. */
export interface Kind extends Naming {
  /** Its URL, for reading, changing and removing. */
  readonly self: string;
  readonly id: string;
  readonly create: readonly [verb: 'POST' | 'PUT' | 'PATCH', url: string];
  /** How a body is sent, where not as it is. */
  readonly wrap?: (body: Record<string, unknown>, values: Values, fresh: boolean) => unknown;
  /** PATCH of `self`, unless said; `mask`: with the names of the fields, as a query or in the body. */
  readonly update?: 'PUT' | 'PATCH';
  readonly mask?: 'query' | ((fields: string, body: unknown) => unknown);
  /** DELETE of `self`, unless said; undefined: it stays where it is. */
  readonly remove?: (values: Values) => readonly [verb: 'DELETE' | 'POST', url: string] | undefined;
  /** Attributes that are what a resource is: another value is another resource. */
  readonly fixed: readonly string[];
  readonly computed?: (values: Values, answer: Values) => Values;
  /** An attribute of the state that forbids to destroy. */
  readonly protectedBy?: string;
  /** What was deleted can be taken back. */
  readonly undelete?: boolean;
}

const email = (values: Values): string =>
  `${String(values['account_id'])}@${String(values['project'])}.iam.gserviceaccount.com`;

export const KINDS: Readonly<Record<string, Kind>> = {
  google_project_service: {
    self: 'serviceusage/v1/projects/{project}/services/{service}',
    id: '{project}/{service}',
    create: ['POST', 'serviceusage/v1/projects/{project}/services/{service}:enable'],
    skip: ['service', 'disable_on_destroy', 'disable_dependent_services'],
    remove: () => undefined,
    fixed: ['project', 'service'],
  },
  google_service_account: {
    self: 'iam/v1/projects/{project}/serviceAccounts/{email}',
    id: 'projects/{project}/serviceAccounts/{email}',
    create: ['POST', 'iam/v1/projects/{project}/serviceAccounts'],
    skip: ['account_id', 'create_ignore_already_exists', 'disabled'],
    wrap: (body, values, fresh) =>
      fresh
        ? { accountId: values['account_id'], serviceAccount: body }
        : { serviceAccount: body, updateMask: Object.keys(body).join(',') },
    fixed: ['project', 'account_id'],
    computed: (values, answer) => ({
      email: email(values),
      name: `projects/${String(values['project'])}/serviceAccounts/${email(values)}`,
      member: `serviceAccount:${email(values)}`,
      unique_id: answer['uniqueId'],
    }),
  },
  google_project_iam_custom_role: {
    self: 'iam/v1/projects/{project}/roles/{role_id}',
    id: 'projects/{project}/roles/{role_id}',
    create: ['POST', 'iam/v1/projects/{project}/roles'],
    skip: ['role_id', 'stage', 'deleted'],
    names: { permissions: 'includedPermissions' },
    wrap: (role, values, fresh) => (fresh ? { roleId: values['role_id'], role } : role),
    mask: 'query',
    fixed: ['project', 'role_id'],
    undelete: true,
    computed: (values) => ({
      name: `projects/${String(values['project'])}/roles/${String(values['role_id'])}`,
      deleted: false,
    }),
  },
  google_cloud_run_v2_service: {
    self: 'run/v2/projects/{project}/locations/{location}/services/{name}',
    id: 'projects/{project}/locations/{location}/services/{name}',
    create: ['POST', 'run/v2/projects/{project}/locations/{location}/services?serviceId={name}'],
    skip: ['name', 'location', 'deletion_protection', 'etag', 'urls'],
    lists: ['ports'],
    fixed: ['project', 'location', 'name'],
    protectedBy: 'deletion_protection',
    computed: (_, { uri, uid }) => ({ uri, uid }),
  },
  google_cloud_scheduler_job: {
    self: 'cloudscheduler/v1/projects/{project}/locations/{region}/jobs/{name}',
    id: 'projects/{project}/locations/{region}/jobs/{name}',
    create: ['POST', 'cloudscheduler/v1/projects/{project}/locations/{region}/jobs'],
    skip: ['region', 'name', 'paused', 'state'],
    wrap: (body, { project, region, name }) => ({
      ...body,
      name: `projects/${String(project)}/locations/${String(region)}/jobs/${String(name)}`,
    }),
    fixed: ['project', 'region', 'name'],
  },
  google_pubsub_topic: {
    self: 'pubsub/v1/projects/{project}/topics/{name}',
    id: 'projects/{project}/topics/{name}',
    create: ['PUT', 'pubsub/v1/projects/{project}/topics/{name}'],
    skip: ['name'],
    mask: (updateMask, topic) => ({ topic, updateMask }),
    fixed: ['project', 'name'],
  },
  google_pubsub_subscription: {
    self: 'pubsub/v1/projects/{project}/subscriptions/{name}',
    id: 'projects/{project}/subscriptions/{name}',
    create: ['PUT', 'pubsub/v1/projects/{project}/subscriptions/{name}'],
    skip: ['name'],
    empty: ['expiration_policy'],
    mask: (updateMask, subscription) => ({ subscription, updateMask }),
    fixed: ['project', 'name', 'topic', 'filter', 'enable_message_ordering'],
  },
  google_pubsub_schema: {
    self: 'pubsub/v1/projects/{project}/schemas/{name}',
    id: 'projects/{project}/schemas/{name}',
    create: ['POST', 'pubsub/v1/projects/{project}/schemas?schemaId={name}'],
    skip: ['name'],
    fixed: ['project', 'name', 'type', 'definition'],
  },
  google_firestore_database: {
    self: 'firestore/v1/projects/{project}/databases/{name}',
    id: 'projects/{project}/databases/{name}',
    create: ['POST', 'firestore/v1/projects/{project}/databases?databaseId={name}'],
    skip: ['name', 'deletion_policy', 'etag'],
    mask: 'query',
    remove: ({ project, name, deletion_policy: policy }) =>
      policy === 'DELETE'
        ? ['DELETE', `firestore/v1/projects/${String(project)}/databases/${String(name)}`]
        : undefined,
    fixed: ['project', 'name', 'location_id'],
  },
  google_firestore_backup_schedule: {
    self: 'firestore/v1/{name}',
    id: '{name}',
    create: ['POST', 'firestore/v1/projects/{project}/databases/{database}/backupSchedules'],
    skip: ['database', 'name'],
    empty: ['daily_recurrence'],
    mask: 'query',
    fixed: ['project', 'database', 'daily_recurrence', 'weekly_recurrence'],
    computed: (_, { name }) => ({ name }),
  },
  google_firestore_field: {
    self: 'firestore/v1/projects/{project}/databases/{database}/collectionGroups/{collection}/fields/{field}',
    id: 'projects/{project}/databases/{database}/collectionGroups/{collection}/fields/{field}',
    create: [
      'PATCH',
      'firestore/v1/projects/{project}/databases/{database}/collectionGroups/{collection}/fields/{field}',
    ],
    skip: ['database', 'collection', 'field', 'name', 'state'],
    empty: ['index_config', 'ttl_config'],
    // It goes with its database.
    remove: () => undefined,
    fixed: ['project', 'database', 'collection', 'field'],
  },
  google_secret_manager_secret: {
    self: 'secretmanager/v1/projects/{project}/secrets/{secret_id}',
    id: 'projects/{project}/secrets/{secret_id}',
    create: ['POST', 'secretmanager/v1/projects/{project}/secrets?secretId={secret_id}'],
    skip: ['secret_id', 'deletion_protection', 'name'],
    names: { auto: 'automatic' },
    empty: ['auto', 'replication'],
    mask: 'query',
    fixed: ['project', 'secret_id'],
    computed: ({ project, secret_id: id }) => ({
      name: `projects/${String(project)}/secrets/${String(id)}`,
    }),
  },
  google_secret_manager_secret_version: {
    self: 'secretmanager/v1/{name}',
    id: '{name}',
    create: ['POST', 'secretmanager/v1/{secret}:addVersion'],
    skip: ['secret', 'secret_data', 'enabled', 'deletion_policy', 'version', 'name'],
    wrap: (_, values) => ({
      payload: { data: Buffer.from(String(values['secret_data'])).toString('base64') },
    }),
    remove: (values) =>
      values['deletion_policy'] === 'ABANDON'
        ? undefined
        : ['POST', `secretmanager/v1/${String(values['name'])}:destroy`],
    fixed: ['secret', 'secret_data'],
    computed: (_, { name }) => ({ name, version: String(name).split('/').at(-1) }),
  },
  google_kms_key_ring: {
    self: 'cloudkms/v1/projects/{project}/locations/{location}/keyRings/{name}',
    id: 'projects/{project}/locations/{location}/keyRings/{name}',
    create: [
      'POST',
      'cloudkms/v1/projects/{project}/locations/{location}/keyRings?keyRingId={name}',
    ],
    skip: ['location', 'name'],
    // The provider only warns: Google deletes no key ring.
    remove: () => undefined,
    fixed: ['project', 'location', 'name'],
  },
  google_kms_crypto_key: {
    self: 'cloudkms/v1/{key_ring}/cryptoKeys/{name}',
    id: '{key_ring}/cryptoKeys/{name}',
    create: ['POST', 'cloudkms/v1/{key_ring}/cryptoKeys?cryptoKeyId={name}'],
    skip: ['key_ring', 'name'],
    mask: 'query',
    remove: (values) => ['POST', `cloudkms/v1/${String(values['id'])}/cryptoKeyVersions/1:destroy`],
    fixed: ['key_ring', 'name', 'purpose'],
  },
  google_artifact_registry_repository: {
    self: 'artifactregistry/v1/projects/{project}/locations/{location}/repositories/{repository_id}',
    id: 'projects/{project}/locations/{location}/repositories/{repository_id}',
    create: [
      'POST',
      'artifactregistry/v1/projects/{project}/locations/{location}/repositories?repositoryId={repository_id}',
    ],
    skip: ['location', 'repository_id', 'name'],
    mask: 'query',
    fixed: ['project', 'location', 'repository_id', 'format'],
    computed: (values) => ({ name: values['repository_id'] }),
  },
  google_logging_metric: {
    self: 'logging/v2/projects/{project}/metrics/{name}',
    id: '{name}',
    create: ['POST', 'logging/v2/projects/{project}/metrics'],
    update: 'PUT',
    fixed: ['project', 'name'],
  },
  google_monitoring_alert_policy: {
    self: 'monitoring/v3/{name}',
    id: '{name}',
    create: ['POST', 'monitoring/v3/projects/{project}/alertPolicies'],
    skip: ['name'],
    mask: 'query',
    fixed: ['project'],
    computed: (_, { name }) => ({ name }),
  },
  google_monitoring_dashboard: {
    self: 'monitoring/v1/{id}',
    id: '{id}',
    create: ['POST', 'monitoring/v1/projects/{project}/dashboards'],
    skip: ['dashboard_json'],
    wrap: (_, values) => JSON.parse(String(values['dashboard_json'])),
    fixed: ['project'],
    computed: (_, { name }) => ({ id: name }),
  },
  google_bigquery_dataset: {
    self: 'bigquery/bigquery/v2/projects/{project}/datasets/{dataset_id}',
    id: 'projects/{project}/datasets/{dataset_id}',
    create: ['POST', 'bigquery/bigquery/v2/projects/{project}/datasets'],
    skip: ['dataset_id', 'delete_contents_on_destroy', 'etag', 'self_link'],
    wrap: (body, values) => ({ ...body, datasetReference: { datasetId: values['dataset_id'] } }),
    update: 'PUT',
    fixed: ['project', 'dataset_id', 'location'],
  },
  google_bigquery_table: {
    self: 'bigquery/bigquery/v2/projects/{project}/datasets/{dataset_id}/tables/{table_id}',
    id: 'projects/{project}/datasets/{dataset_id}/tables/{table_id}',
    create: ['POST', 'bigquery/bigquery/v2/projects/{project}/datasets/{dataset_id}/tables'],
    skip: ['dataset_id', 'table_id', 'schema', 'deletion_protection', 'etag', 'self_link'],
    wrap: (body, values) => ({
      ...body,
      tableReference: {
        projectId: values['project'],
        datasetId: values['dataset_id'],
        tableId: values['table_id'],
      },
      schema: { fields: JSON.parse(String(values['schema'])) },
    }),
    update: 'PUT',
    fixed: ['project', 'dataset_id', 'table_id'],
    protectedBy: 'deletion_protection',
  },
};

/** What policies of IAM are on: the verb that reads one, and its resource. */
export const POLICIES: Readonly<Record<string, readonly ['GET' | 'POST', string]>> = {
  google_project_iam_member: ['POST', 'cloudresourcemanager/v1/projects/{project}'],
  google_service_account_iam_member: ['POST', 'iam/v1/{service_account_id}'],
  google_pubsub_topic_iam_member: ['GET', 'pubsub/v1/projects/{project}/topics/{topic}'],
  google_pubsub_subscription_iam_member: [
    'GET',
    'pubsub/v1/projects/{project}/subscriptions/{subscription}',
  ],
  google_secret_manager_secret_iam_member: [
    'GET',
    'secretmanager/v1/projects/{project}/secrets/{secret_id}',
  ],
  google_kms_crypto_key_iam_member: ['GET', 'cloudkms/v1/{crypto_key_id}'],
  google_artifact_registry_repository_iam_member: [
    'GET',
    'artifactregistry/v1/projects/{project}/locations/{location}/repositories/{repository}',
  ],
  google_cloud_run_v2_service_iam_member: [
    'GET',
    'run/v2/projects/{project}/locations/{location}/services/{name}',
  ],
  google_iap_web_cloud_run_service_iam_member: [
    'POST',
    'iap/v1/projects/{project}/iap_web/cloud_run-{location}/services/{cloud_run_service_name}',
  ],
  google_bigquery_table_iam_member: [
    'POST',
    'bigquery/bigquery/v2/projects/{project}/datasets/{dataset_id}/tables/{table_id}',
  ],
};
