import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen } from '#shared/http/serve.ts';
import { disabledApiFix } from '#shared/net/google-disabled.ts';
import { createArtifactLookup } from '#shared/registry/artifact-lookup.ts';
import { readFailure } from '#shared/fleet/read-failure.ts';
import { createPubsubCalls } from '#shared/status/pubsub-calls.ts';
import { createTopics } from '#shared/status/pubsub-topic.ts';
import { openTelemetry } from '#shared/telemetry/open-telemetry.ts';
import { readTelemetryEnv } from '#shared/telemetry/read-env.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import { type Broker, startBroker } from '#test/fakes/broker.ts';
import { recordLog } from '#test/fakes/log.ts';
import { openHubFleet } from '#test/fixtures/hub-fleet.ts';
import { json, scripted, sha256 } from '#test/unit/registry/scripted-registry.ts';
import { scriptedFirestore } from '#test/unit/store/scripted-firestore.ts';

// What a failure says is to be done: the role that infra/terraform grants, on the resource that it is granted on, or the
// command that enables the API.

const NUMBER = '123456789012';

/** As Google writes it (AIP-193), with what is left of the form before it. */
function disabled(service: string): { error: Record<string, unknown> } {
  const link = `https://console.developers.google.com/apis/api/${service}/overview?project=${NUMBER}`;
  const message = `This API has not been used in project ${NUMBER} before or it is disabled. Enable it by visiting ${link} then retry. If you enabled this API recently, wait a few minutes.`;
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: 'SERVICE_DISABLED',
    domain: 'googleapis.com',
    metadata: { service, consumer: `projects/${NUMBER}` },
  };
  const errors = [{ message, domain: 'usageLimits', reason: 'accessNotConfigured' }];
  const help = { '@type': 'type.googleapis.com/google.rpc.Help', links: [{ url: link }] };
  return {
    error: { code: 403, message, errors, status: 'PERMISSION_DENIED', details: [help, info] },
  };
}

const denied = {
  error: {
    code: 403,
    message: 'Permission denied on resource (or it may not exist).',
    status: 'PERMISSION_DENIED',
  },
};

const commandFor = (service: string): string =>
  `gcloud services enable ${service} --project=${NUMBER}`;

describe('disabledApiFix()', () => {
  const command = `enable the API: ${commandFor('firestore.googleapis.com')}`;
  const { error } = disabled('firestore.googleapis.com');
  const { message, errors, details } = error;

  it.each([
    ['an ErrorInfo', { details }],
    ['an ErrorInfo without a message', { details, message: '' }],
    [
      "a client's ErrorInfo",
      {
        reason: 'SERVICE_DISABLED',
        errorInfoMetadata: { service: 'firestore.googleapis.com', consumer: `projects/${NUMBER}` },
      },
    ],
    ['words alone', { message }],
    [
      'older words',
      {
        message: `Access Not Configured. Cloud Firestore API has not been used in project ${NUMBER} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/firestore.googleapis.com/overview?project=${NUMBER} then retry.`,
      },
    ],
    ['the older reason', { errors, message }],
    ['an error that is thrown', Object.assign(new Error(String(message)), { code: 7 })],
  ])('reads %s', (_, given) => {
    expect(disabledApiFix(given)).toBe(command);
  });

  it.each([
    ['a missing permission', denied.error],
    [
      'another ErrorInfo',
      {
        details: [
          {
            reason: 'IAM_PERMISSION_DENIED',
            metadata: { service: 'firestore.googleapis.com', consumer: `projects/${NUMBER}` },
          },
        ],
      },
    ],
    ['no error', undefined],
    ['a text', 'SERVICE_DISABLED'],
    [
      'a link by itself',
      { message: `See /apis/api/firestore.googleapis.com/overview?project=${NUMBER}` },
    ],
  ])('takes %s for another refusal', (_, given) => {
    expect(disabledApiFix(given)).toBeUndefined();
  });

  it.each([
    ['a service', { service: 'evil.example; rm -rf /', consumer: `projects/${NUMBER}` }],
    [
      'a service of another domain',
      { service: 'firestore.googleapis.com.evil.example', consumer: `projects/${NUMBER}` },
    ],
    ['a project', { service: 'firestore.googleapis.com', consumer: 'projects/$(reboot)' }],
    ['nothing', {}],
  ])('puts no foreign text into the command: %s', (_, metadata) => {
    const fix = disabledApiFix({
      details: [{ reason: 'SERVICE_DISABLED', metadata }],
      reason: 'SERVICE_DISABLED',
    });
    expect(fix).toBe('enable the API that it names');
  });
});

let broker: Broker;
let collector: { url: string; answer: unknown; close: () => void };
beforeAll(async () => {
  broker = await startBroker();
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(403).end(JSON.stringify(collector.answer));
  });
  const port = await listen(server, { port: 0, host: '127.0.0.1' });
  collector = {
    url: `http://127.0.0.1:${port}`,
    answer: {},
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
});
afterAll(() => {
  broker?.close();
  collector.close();
});

type Refusal = { error: Record<string, unknown> };

/** Answers every request with a refusal. */
const refusing =
  (refusal: Refusal): typeof fetch =>
  async () =>
    json(refusal, 403);

const messageOf = async (work: Promise<unknown>): Promise<string> => {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  return failure instanceof Error ? failure.message : '';
};

const CLUSTER = 'projects/p/locations/us-west1/memberships/c1';
const answer = (refusal: Refusal) => ({ status: 403, headers: {}, text: JSON.stringify(refusal) });

/** A refusal by gRPC, as Google's clients throw it. */
function thrown({ error: { message, details } }: Refusal): Error {
  const [, info] = Array.isArray(details) ? details : [];
  const { reason, metadata } = Object(info);
  return Object.assign(new Error(String(message)), {
    code: 7,
    reason,
    errorInfoMetadata: metadata,
  });
}

async function ofPubsub(
  refusal: Refusal,
  work: (host: string) => Promise<unknown>,
): Promise<string> {
  broker.faults.push({ code: 7, details: String(refusal.error['message']) });
  return messageOf(work(broker.host));
}

async function spansSent(refusal: Refusal): Promise<string> {
  collector.answer = refusal;
  const { log, lines } = recordLog();
  const env = {
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER: 'always_on',
  };
  const telemetry = await openTelemetry(readTelemetryEnv(env), {
    context: new AsyncLocalStorage(),
    service: 'push',
    googleToken: async () => 'token',
    log,
    now: () => performance.now(),
  });
  await telemetry.tracing.span('x', {}, async () => undefined);
  await telemetry.close();
  return JSON.stringify(lines);
}

/** API, what it is asked for, the hint of the module's own role, and how a refusal of it is read. */
const CALLS: readonly (readonly [
  service: string,
  what: string,
  hint: string,
  ask: (refusal: Refusal) => Promise<string>,
])[] = [
  [
    'gkehub.googleapis.com',
    'memberships',
    "gkehub.memberships.list on the fleet's project, by the custom role countersignFleetLister",
    (refusal) =>
      messageOf(
        openHubFleet({ projects: ['p'] }, 'http://127.0.0.1:1', {
          fetch: refusing(refusal),
        }).list(),
      ),
  ],
  [
    'cloudresourcemanager.googleapis.com',
    'the number of a project',
    "resourcemanager.projects.get on the fleet's project, by the custom role countersignFleetReader",
    (refusal) => messageOf(numberOf(refusal)),
  ],
  [
    'connectgateway.googleapis.com',
    'a look at a cluster',
    "gkehub.gateway.get on the fleet's project, by the custom role countersignFleetReader or countersignFleetWriter",
    async (refusal) => readFailure(answer(refusal), 'list', CLUSTER).message,
  ],
  [
    'connectgateway.googleapis.com',
    'a patch in a cluster',
    "gkehub.gateway.patch on the fleet's project, by the custom role countersignFleetWriter",
    async (refusal) => readFailure(answer(refusal), 'patch', CLUSTER).message,
  ],
  [
    'firestore.googleapis.com',
    'a record',
    'roles/datastore.user on the database',
    (refusal) => messageOf(scriptedFirestore([() => json(refusal, 403)]).store.readCluster('c1')),
  ],
  [
    'firestore.googleapis.com',
    'a stream that is refused',
    'roles/datastore.user on the database',
    (refusal) => messageOf(scriptedFirestore([() => json([refusal], 403)]).store.readCluster('c1')),
  ],
  [
    'cloudkms.googleapis.com',
    'a key',
    'roles/cloudkms.publicKeyViewer on it',
    (refusal) =>
      messageOf(
        createKeyLoader({
          kms: { fetch: refusing(refusal), googleToken: async () => 'token', now: () => 0 },
        })(
          { kms: 'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1' },
          'release',
        ),
      ),
  ],
  [
    'artifactregistry.googleapis.com',
    'the tags of a digest',
    'roles/artifactregistry.reader on the repository',
    (refusal) =>
      messageOf(
        createArtifactLookup(async () => ({
          getDockerImage: () => Promise.reject(thrown(refusal)),
        }))('us-docker.pkg.dev/p/r/i', sha256('x')),
      ),
  ],
  [
    'artifactregistry.googleapis.com',
    'an image',
    'roles/artifactregistry.reader on the repository',
    ({ error: { message } }) =>
      messageOf(
        scripted(() => json({ errors: [{ code: 'DENIED', message }] }, 403)).registry.manifest(
          'us-docker.pkg.dev/p/r/i',
          'v1',
        ),
      ),
  ],
  [
    'pubsub.googleapis.com',
    'a message sent',
    'roles/pubsub.publisher on it',
    (refusal) =>
      ofPubsub(refusal, async (emulatorHost) => {
        const topics = createTopics({ emulatorHost });
        await topics
          .publisher('projects/acme-prod/topics/ttt')
          .publish({ data: Buffer.from('x'), attributes: {} })
          .finally(() => void topics.close());
      }),
  ],
  [
    'pubsub.googleapis.com',
    'a dead letter sent back',
    'roles/pubsub.publisher on it',
    (refusal) =>
      ofPubsub(refusal, async (emulatorHost) => {
        const calls = createPubsubCalls({ emulatorHost });
        await calls
          .publish('projects/acme-prod/topics/ttt', { data: Buffer.from('x'), attributes: {} })
          .finally(() => void calls.close());
      }),
  ],
  [
    'telemetry.googleapis.com',
    'spans',
    'roles/telemetry.tracesWriter and roles/serviceusage.serviceUsageConsumer on the project',
    spansSent,
  ],
];

describe('a refusal of Google', () => {
  it.each(CALLS)('by %s, %s: names the role that the module grants', async (_, __, hint, ask) => {
    const said = await ask(denied);
    expect(said).toContain(`grant ${hint}`);
    expect(said).not.toContain('services enable');
  });

  it.each(CALLS)(
    'by %s, %s: names the command where the API is disabled',
    async (service, _, __, ask) => {
      const said = await ask(disabled(service));
      expect(said).toContain(commandFor(service));
      expect(said).not.toContain('grant ');
    },
  );
});

/** Memberships are there, and the project's number is refused. */
async function numberOf(refusal: Refusal): Promise<unknown> {
  const answers: typeof fetch = async (input) =>
    String(input instanceof Request ? input.url : input).includes('/memberships')
      ? json({ resources: [{ name: CLUSTER, state: { code: 'READY' } }] })
      : json(refusal, 403);
  const fleet = openHubFleet({ projects: ['p'] }, 'http://127.0.0.1:1', { fetch: answers });
  const [member] = (await fleet.list()).members;
  if (member === undefined) throw new Error('No member');
  return (await fleet.connect(member)).discover();
}
