import type { Fields } from './model.ts';

// Cloud Run's API of version 1, which gcloud speaks: the same services in Knative's form.

/** A service of version 2 as version 1 has it. */
export function toVersion1(service: Fields): Fields {
  const { name, generation, uid, uri, template, terminalCondition } = Object(service);
  const { latestCreatedRevision = '', latestReadyRevision = '' } = Object(service);
  const [, project, , location, , id] = String(name).split('/');
  const [container] = template.containers;
  const ready = terminalCondition.state === 'CONDITION_SUCCEEDED' ? 'True' : 'False';
  const shortOf = (revision: unknown): string => String(revision).split('/').at(-1) ?? '';
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: {
      name: id,
      namespace: project,
      uid,
      generation,
      resourceVersion: String(generation),
      labels: { 'cloud.googleapis.com/location': location },
      annotations: { 'run.googleapis.com/client-name': 'terraform' },
    },
    spec: {
      template: {
        metadata: { annotations: {} },
        spec: {
          serviceAccountName: template.serviceAccount,
          timeoutSeconds: Number.parseInt(template.timeout, 10),
          containerConcurrency: template.maxInstanceRequestConcurrency,
          containers: [
            {
              image: container.image,
              args: container.args ?? [],
              env: container.env ?? [],
              volumeMounts: container.volumeMounts,
              ports: [{ name: 'http1', containerPort: 8080 }],
              resources: { limits: container.resources.limits },
            },
          ],
          volumes: template.volumes.map((volume: Fields) => {
            const { secret, items } = Object(volume['secret']);
            const [{ version, path }] = items;
            return {
              name: volume['name'],
              secret: { secretName: secret, items: [{ key: version, path }] },
            };
          }),
        },
      },
      traffic: [{ percent: 100, latestRevision: true }],
    },
    status: {
      observedGeneration: generation,
      url: uri,
      latestCreatedRevisionName: shortOf(latestCreatedRevision),
      latestReadyRevisionName: shortOf(latestReadyRevision),
      conditions: ['Ready', 'ConfigurationsReady', 'RoutesReady'].map((type) => ({
        type,
        status: type === 'RoutesReady' ? 'True' : ready,
        message: String(terminalCondition.message ?? ''),
      })),
      traffic: [{ revisionName: shortOf(latestReadyRevision), percent: 100, latestRevision: true }],
    },
  };
}

/** The service with what gcloud changes of it: the image and its argument. */
export function fromVersion1(service: Fields, body: unknown): Fields {
  const { template } = Object(service);
  const [container] = template.containers;
  const [{ image, args }] = Object(body).spec.template.spec.containers;
  return { ...service, template: { ...template, containers: [{ ...container, image, args }] } };
}
