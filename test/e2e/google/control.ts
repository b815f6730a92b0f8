import { createFirestore } from './firestore.ts';
import { createKms } from './kms.ts';
import {
  type Call,
  type ControlDeps,
  type Fields,
  ok,
  operation,
  refusal,
  type Reply,
} from './model.ts';
import { createPubsub } from './pubsub.ts';
import { createRun } from './run.ts';
import { createServices, type Services } from './services.ts';

export interface Control {
  readonly resources: Map<string, Fields>;
  /** Messages by topic, `projects/p/topics/t`, as they were sent. */
  readonly published: ReadonlyMap<string, readonly Fields[]>;
  handle(call: Call): Reply;
  readonly services: Services;
  /** Whether a project is not one that Terraform made anything of: accounts there are taken as given. */
  foreign(project: string): boolean;
}

const PROJECT_NUMBER = '123456789012';

/** Makes, changes and removes resources, each API in its own way. */
export function createControl(deps: ControlDeps): Control {
  const { now, weather, tokens } = deps;
  const resources = new Map<string, Fields>();
  const metricsSince = new Map<string, number>();
  const run = createRun(resources, deps);
  const kms = createKms(resources);
  const firestore = createFirestore(resources);
  const pubsub = createPubsub(resources, now);
  let count = 0;

  function make(key: string, fields: Fields): Reply {
    if (resources.has(key)) return refusal(409, 'ALREADY_EXISTS', `${key} exists already`);
    resources.set(key, fields);
    return ok(fields);
  }

  /** Special ways, by method; everything else is made, read, changed and removed alike. */
  const ways: Readonly<Record<string, (call: Call) => Reply>> = {
    'cloudresourcemanager.projects.get': ({ name }) =>
      ok({
        projectId: name.split('/').at(-1),
        projectNumber: PROJECT_NUMBER,
        // Version 3 names a project by its number.
        name: `projects/${PROJECT_NUMBER}`,
        lifecycleState: 'ACTIVE',
      }),
    'gkehub.projects.locations.memberships.list': () =>
      ok({
        resources: [...resources]
          .filter(([key]) => /^gkehub\/.*\/memberships\//.test(key))
          .map(([, one]) => one),
      }),
    'container.projects.locations.clusters.list': () =>
      ok({
        clusters: [...resources]
          .filter(([key]) => /^container\/.*\/clusters\//.test(key))
          .map(([, one]) => one),
      }),
    'serviceusage.services.enable': ({ name }) => operation({ service: switchTo(name, 'ENABLED') }),
    'serviceusage.services.disable': ({ name }) =>
      operation({ service: switchTo(name, 'DISABLED') }),
    'serviceusage.services.generateServiceIdentity': ({ name }) => {
      const [, project = '', , service = ''] = name.split('/');
      const email = `service-${PROJECT_NUMBER}@gcp-sa-${service.split('.')[0]}.iam.gserviceaccount.com`;
      weather.missingAgents.delete(email);
      return operation({
        email,
        uniqueId: '1',
        name: `projects/${project}/serviceAccounts/${email}`,
      });
    },
    'cloudbuild.projects.builds.create': ({ name, body }) => build(name, body),
    'cloudbuild.projects.locations.builds.create': ({ name, body }) => build(name, body),
    'iam.projects.serviceAccounts.create': ({ name, body }) => {
      const { accountId, serviceAccount } = Object(body);
      const project = name.split('/')[1];
      const email = `${accountId}@${project}.iam.gserviceaccount.com`;
      const full = `${name}/serviceAccounts/${email}`;
      count += 1;
      return make(`iam/${full}`, {
        ...serviceAccount,
        name: full,
        email,
        uniqueId: String(1e20 + count),
      });
    },
    'iamcredentials.projects.serviceAccounts.generateIdToken': ({ name, body }) => {
      const { audience, includeEmail = false } = Object(body);
      const email = name.split('/').at(-1) ?? '';
      return ok({ token: tokens.idToken({ email, audience, includeEmail }) });
    },
    'iamcredentials.projects.serviceAccounts.generateAccessToken': ({ name }) =>
      ok({
        accessToken: `member:serviceAccount:${name.split('/').at(-1)}`,
        // In whole seconds: Google's own library reads no other form.
        expireTime: new Date(now() + 3_600_000).toISOString().replace(/\.\d+/, ''),
      }),
    'iam.projects.serviceAccounts.delete': ({ name }) => {
      resources.delete(`iam/${name}`);
      return ok({});
    },
    'iam.projects.roles.create': ({ name, body }) => {
      const { roleId, role } = Object(body);
      const full = `${name}/roles/${roleId}`;
      // A deleted role keeps its id for weeks: it can only be undeleted.
      return make(`iam/${full}`, { ...role, name: full });
    },
    'iam.projects.roles.delete': ({ name }) => {
      resources.set(`iam/${name}`, { ...resources.get(`iam/${name}`), deleted: true });
      return ok({});
    },
    'iam.projects.roles.undelete': ({ name }) => {
      resources.set(`iam/${name}`, { ...resources.get(`iam/${name}`), deleted: false });
      return ok({});
    },
    'cloudkms.projects.locations.keyRings.cryptoKeys.create': ({ name, query, body }) => {
      const full = `${name}/cryptoKeys/${query.get('cryptoKeyId')}`;
      resources.set(`cloudkms/${full}/cryptoKeyVersions/1`, {
        name: `${full}/cryptoKeyVersions/1`,
        state: 'ENABLED',
      });
      return make(`cloudkms/${full}`, { ...Object(body), name: full });
    },
    'cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.destroy': ({ name }) => {
      resources.set(`cloudkms/${name}`, { name, state: 'DESTROY_SCHEDULED' });
      return ok({ name });
    },
    'secretmanager.projects.secrets.addVersion': ({ name, body }) => {
      const before = [...resources.keys()].filter((key) =>
        key.startsWith(`secretmanager/${name}/versions/`),
      );
      const full = `${name}/versions/${before.length + 1}`;
      const { payload } = Object(body);
      resources.set(`secretmanager/${full}`, { name: full, state: 'ENABLED', payload });
      return ok({ name: full, state: 'ENABLED' });
    },
    'secretmanager.projects.secrets.versions.destroy': ({ name }) => {
      resources.set(`secretmanager/${name}`, { name, state: 'DESTROYED' });
      return ok({ name, state: 'DESTROYED' });
    },
    'secretmanager.projects.secrets.delete': ({ name }) => {
      for (const key of resources.keys())
        if (key === `secretmanager/${name}` || key.startsWith(`secretmanager/${name}/`))
          resources.delete(key);
      return ok({});
    },
    'pubsub.projects.subscriptions.create': ({ name, body }) => {
      const { topic } = Object(body);
      if (!resources.has(`pubsub/${topic}`))
        return refusal(404, 'NOT_FOUND', `Resource not found (resource=${topic}).`);
      return make(`pubsub/${name}`, { ...Object(body), name });
    },
    'logging.projects.metrics.create': ({ name, body }) => {
      const metric = String(Object(body).name);
      metricsSince.set(metric, now());
      return make(`logging/${name}/metrics/${metric}`, Object(body));
    },
    'monitoring.projects.alertPolicies.create': (call) => {
      const unknown = unknownMetric(call.body);
      if (unknown !== undefined)
        return refusal(
          404,
          'NOT_FOUND',
          `Cannot find metric that matches type = "${unknown}". If a metric was created recently, it could take up to 10 minutes to become available. Please try again soon.`,
        );
      return numbered(call, 'alertPolicies');
    },
    'monitoring.projects.dashboards.create': (call) => numbered(call, 'dashboards'),
    'bigquery.datasets.insert': ({ name, body }) =>
      make(`bigquery/${name}/${Object(body).datasetReference?.datasetId}`, Object(body)),
    'bigquery.tables.insert': ({ name, body }) =>
      make(`bigquery/${name}/${Object(body).tableReference?.tableId}`, Object(body)),
    'cloudscheduler.projects.locations.jobs.create': ({ body }) =>
      make(`cloudscheduler/${Object(body).name}`, Object(body)),
  };

  /** Commands that people paste name a project by its number. */
  function switchTo(name: string, state: 'ENABLED' | 'DISABLED'): Fields {
    const [, given = '', , service] = name.split('/');
    const [made = ''] = [...resources.keys()].flatMap(
      (key) => /^serviceusage\/projects\/([^/]+)\//.exec(key)?.[1] ?? [],
    );
    const full = `projects/${given === PROJECT_NUMBER ? made : given}/services/${service}`;
    const fields = { name: full, state };
    resources.set(`serviceusage/${full}`, fields);
    return fields;
  }

  /** A build that has succeeded when it is asked about. */
  function build(parent: string, body: unknown): Reply {
    count += 1;
    const id = `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`;
    const place = parent.split('/').slice(0, 2).join('/');
    const logUrl = `https://console.cloud.google.com/cloud-build/builds/${id}?project=${PROJECT_NUMBER}`;
    const made = { ...Object(body), id, projectId: place.split('/')[1], logUrl, status: 'SUCCESS' };
    for (const at of [place, `${place}/locations/global`])
      resources.set(`cloudbuild/${at}/builds/${id}`, made);
    return ok({ name: 'operations/build/1', metadata: { build: { ...made, status: 'QUEUED' } } });
  }

  /** A log-based metric that Cloud Monitoring does not know yet. */
  function unknownMetric(body: unknown): string | undefined {
    const types = JSON.stringify(body).matchAll(
      /metric\.type=\\\\?"(logging\.googleapis\.com\/user\/[^"\\]+)/g,
    );
    for (const [, type = ''] of types) {
      const since = metricsSince.get(type.replace('logging.googleapis.com/user/', ''));
      if (since === undefined || now() - since < weather.metricDelayMs) return type;
    }
    return undefined;
  }

  function numbered({ api, name, body }: Call, collection: string): Reply {
    count += 1;
    const full = `${name}/${collection}/${count}`;
    return make(`${api}/${full}`, { ...Object(body), name: full });
  }

  function alike(call: Call): Reply {
    const { api, name, verb, query, body, method } = call;
    const key = `${api}/${name}`;
    const verbOf = method.slice(method.lastIndexOf('.') + 1);
    if (verb === 'POST' && verbOf === 'create') {
      const [id = ''] = [...query]
        .filter(([param]) => param.endsWith('Id'))
        .map(([, value]) => value);
      const collection = method.split('.').at(-2);
      const full = `${name}/${collection}/${id}`;
      const made = make(`${api}/${full}`, { ...Object(body), name: full });
      return made.status === 200 && LONG.has(api) ? operation(made.body) : made;
    }
    if (verb === 'PUT' && verbOf === 'create') return make(key, { ...Object(body), name });
    const found = resources.get(key);
    if (found === undefined)
      return refusal(404, 'NOT_FOUND', `Resource not found (resource=${name}).`);
    if (verb === 'GET') return ok(found);
    if (verb === 'DELETE') {
      resources.delete(key);
      return LONG.has(api) ? operation({}) : ok({});
    }
    const { topic, subscription, serviceAccount } = Object(body);
    const changed = {
      ...found,
      ...(topic ?? subscription ?? serviceAccount ?? Object(body)),
      name: found['name'],
    };
    resources.set(key, changed);
    return LONG.has(api) && verb === 'PATCH' && api !== 'artifactregistry'
      ? operation(changed)
      : ok(changed);
  }

  const foreign = (project: string): boolean =>
    !resources.has(`serviceusage/projects/${project}/services/iam.googleapis.com`);

  return {
    resources,
    services: createServices(resources, PROJECT_NUMBER, foreign),
    published: pubsub.published,
    foreign,
    handle: (call) =>
      run.handle(call) ??
      kms.handle(call) ??
      firestore.handle(call) ??
      pubsub.handle(call) ??
      (ways[call.method] ?? alike)(call),
  };
}

/** APIs that answer with an operation. */
const LONG: ReadonlySet<string> = new Set(['artifactregistry', 'firestore', 'run']);
