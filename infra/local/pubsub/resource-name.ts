import { PubsubError } from './pubsub-error.ts';

export type ResourceKind = 'topics' | 'subscriptions';

/** Pub/Sub resource names: 3 to 255 of these, a letter first, never "goog" in front. */
const RESOURCE_ID = /^(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}$/;

/** Also domain-scoped projects (`example.com:project`). */
const PROJECT_ID = /^[A-Za-z0-9][A-Za-z0-9.:_-]*$/;

export interface ResourceName {
  project: string;
  id: string;
}

/** Splits `projects/P/topics/T` (or subscriptions); INVALID_ARGUMENT where it is not one. */
export function parseResourceName(kind: ResourceKind, name: string): ResourceName {
  const [root, project, found, id, ...rest] = name.split('/');
  const whole =
    root === 'projects' && found === kind && rest.length === 0 && PROJECT_ID.test(project ?? '');
  if (!whole || project === undefined || id === undefined || !RESOURCE_ID.test(id)) {
    throw new PubsubError('INVALID_ARGUMENT', `Invalid [${kind}] name: (name=${name})`);
  }
  return { project, id };
}

/** The project of `projects/P`; INVALID_ARGUMENT where it is not one. */
export function parseProjectName(name: string): string {
  const [root, project, ...rest] = name.split('/');
  if (
    root !== 'projects' ||
    project === undefined ||
    rest.length > 0 ||
    !PROJECT_ID.test(project)
  ) {
    throw new PubsubError('INVALID_ARGUMENT', `Invalid [projects] name: (name=${name})`);
  }
  return project;
}
