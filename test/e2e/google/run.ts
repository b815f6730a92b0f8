import {
  type Call,
  type ControlDeps,
  type Fields,
  ok,
  operation,
  refusal,
  type Reply,
} from './model.ts';
import { fromVersion1, toVersion1 } from './run-v1.ts';

/** Cloud Run: services and their revisions, in the form of version 2; version 1 is what gcloud speaks. */
export interface Run {
  /** Undefined: the call is of another API, or like all others. */
  handle(call: Call): Reply | undefined;
}

export function createRun(
  resources: Map<string, Fields>,
  { weather, permit }: Pick<ControlDeps, 'weather' | 'permit'>,
): Run {
  /** Why a revision does not start; undefined: it does. */
  function failureOf(name: string, { template }: Fields): string | undefined {
    const service = name.split('/').at(-1) ?? '';
    if (weather.failing.has(service))
      return `The user-provided container of ${service} failed to start`;
    const project = name.split('/')[1];
    const { serviceAccount, volumes = [] } = Object(template);
    for (const { secret } of volumes) {
      for (const { version } of secret.items) {
        const place = `secretmanager/projects/${project}/secrets/${secret.secret}`;
        const version1 = `${place}/versions/${version}`;
        const { state } = Object(resources.get(version1));
        if (state !== 'ENABLED') return `Secret version ${version1} is in ${state ?? 'no'} state`;
        const member = `serviceAccount:${serviceAccount}`;
        if (!permit(member, 'Cloud Run: secret', 'secretmanager.versions.access', version1))
          return `Permission denied on secret: ${version1} for Revision service account ${serviceAccount}.`;
      }
    }
    return undefined;
  }

  function serve(name: string, fields: Fields): Reply {
    const key = `run/${name}`;
    const { generation = 0, latestReadyRevision, uri } = Object(resources.get(key));
    const service = name.split('/').at(-1);
    const revision = `${name}/revisions/${service}-${String(generation + 1).padStart(5, '0')}`;
    const failure = failureOf(name, fields);
    const served: Fields = {
      ...fields,
      name,
      uid: service,
      generation: generation + 1,
      uri: uri ?? `https://${service}-123456789012.us-central1.run.app`,
      latestCreatedRevision: revision,
      latestReadyRevision: failure === undefined ? revision : latestReadyRevision,
      terminalCondition: {
        type: 'Ready',
        state: failure === undefined ? 'CONDITION_SUCCEEDED' : 'CONDITION_FAILED',
      },
    };
    resources.set(key, served);
    resources.set(`run/${revision}`, { name: revision, ...Object(fields['template']), service });
    if (failure === undefined) return operation(served);
    return ok({
      name: 'operations/1',
      done: true,
      metadata: served,
      error: { code: 9, message: failure },
    });
  }

  return {
    handle({ method, host, verb, name, query, body }) {
      if (method === 'run.projects.locations.services.create') {
        const full = `${name}/services/${query.get('serviceId')}`;
        if (resources.has(`run/${full}`)) return refusal(409, 'ALREADY_EXISTS', `${full} exists`);
        return serve(full, Object(body));
      }
      // Without a mask the service is what the body has, and nothing of what was set beside it.
      if (method === 'run.projects.locations.services.patch') return serve(name, Object(body));
      if (!method.startsWith('run.namespaces.services.')) return undefined;
      const [, project, , service] = name.split('/');
      const location = host.replace('-run.googleapis.com', '');
      const full = `projects/${project}/locations/${location}/services/${service}`;
      const found = resources.get(`run/${full}`);
      if (found === undefined)
        return refusal(404, 'NOT_FOUND', `Resource '${service}' was not found`);
      if (verb === 'PUT') serve(full, fromVersion1(found, body));
      return ok(toVersion1(resources.get(`run/${full}`) ?? found));
    },
  };
}
