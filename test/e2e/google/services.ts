import { type Fields, type Reply, refusal } from './model.ts';

/** The APIs of a project, enabled or not (Service Usage). */
export interface Services {
  /** What Google answers a call of a project whose API is disabled; undefined: it is enabled. */
  refuse(project: string, service: string, title: string): Reply | undefined;
}

/** On in every project, or asked before there is one. */
const ALWAYS: ReadonlySet<string> = new Set([
  'bigquery.googleapis.com',
  'cloudresourcemanager.googleapis.com',
  'logging.googleapis.com',
  'monitoring.googleapis.com',
  'serviceusage.googleapis.com',
  'storage.googleapis.com',
]);
/** Comes with another API. */
const WITH: Readonly<Record<string, string>> = {
  'iamcredentials.googleapis.com': 'iam.googleapis.com',
};

/**
 * `number` is that of every project. A project of which Terraform has made nothing is of others, and has all it needs.
 */
export function createServices(
  resources: ReadonlyMap<string, Fields>,
  number: string,
  foreign: (project: string) => boolean,
): Services {
  return {
    refuse(project, service, title) {
      if (project === '' || foreign(project)) return undefined;
      const enabled = WITH[service] ?? service;
      const { state } = Object(
        resources.get(`serviceusage/projects/${project}/services/${enabled}`),
      );
      if (state === 'ENABLED' || (state === undefined && ALWAYS.has(service))) return undefined;
      return disabled(number, service, title);
    },
  };
}

/** As Google writes it (AIP-193): an ErrorInfo, the words again, and where to go. */
function disabled(number: string, service: string, title: string): Reply {
  const activationUrl = `https://console.developers.google.com/apis/api/${service}/overview?project=${number}`;
  const message = `${title} has not been used in project ${number} before or it is disabled. Enable it by visiting ${activationUrl} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.`;
  const metadata = {
    service,
    consumer: `projects/${number}`,
    containerInfo: number,
    serviceTitle: title,
    activationUrl,
  };
  const details = [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'SERVICE_DISABLED',
      domain: 'googleapis.com',
      metadata,
    },
    { '@type': 'type.googleapis.com/google.rpc.LocalizedMessage', locale: 'en-US', message },
    {
      '@type': 'type.googleapis.com/google.rpc.Help',
      links: [{ description: 'Google developers console API activation', url: activationUrl }],
    },
  ];
  const { status, body } = refusal(403, 'PERMISSION_DENIED', message);
  return { status, body: { error: { ...Object(body).error, details } } };
}
