import type { Google } from './google.ts';
import type { Fields } from './model.ts';

/** What calls the functions: Pub/Sub for each subscription, Cloud Scheduler for a job, through Cloud Run's own check. */
export interface Deliveries {
  /** Pushes a message of a subscription, `countersign-tasks-cluster`: the status that the service answers. */
  push(subscription: string, message: Fields): Promise<number>;
  /** Runs a job of Cloud Scheduler. */
  run(job: string): Promise<number>;
  /** What Pub/Sub does with a message that was refused too often. True: it is on the topic of dead letters. */
  giveUp(subscription: string, message: Fields): boolean;
}

export interface DeliveriesDeps {
  readonly google: Google;
  readonly project: string;
  readonly region: string;
  /** Where a function listens; undefined: it does not run. */
  readonly urlOf: (name: string) => string | undefined;
}

/** Google's own account for Pub/Sub in the project. */
export const PUBSUB_AGENT =
  'serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com';

const FORBIDDEN = 403;
const STRIPPED = 'SIGNATURE_REMOVED_BY_GOOGLE';

export function createDeliveries(deps: DeliveriesDeps): Deliveries {
  const { google, project, region, urlOf } = deps;

  function resource(name: string): Fields {
    const found = google.resources.get(name);
    if (found === undefined) throw new Error(`There is no ${name}`);
    return found;
  }

  const subscriptionOf = (name: string) =>
    Object(resource(`pubsub/projects/${project}/subscriptions/${name}`));

  /**
   * A POST as an account, with a token for an audience. Cloud Run looks at the token where its check is on: the audience
   * is one of the service, the account may invoke it. Then it takes the signature off.
   */
  async function post(
    url: URL,
    { serviceAccountEmail: email, audience }: { serviceAccountEmail: string; audience: string },
    body?: object,
  ): Promise<number> {
    const [, function_ = ''] = /^countersign-([a-z]+)-/.exec(url.hostname) ?? [];
    const name = `run/projects/${project}/locations/${region}/services/countersign-${function_}`;
    const { customAudiences = [], uri, invokerIamDisabled } = Object(resource(name));
    let token = google.tokens.idToken({ email, audience, includeEmail: true });
    if (invokerIamDisabled !== true) {
      if (![...customAudiences, uri].includes(audience)) return FORBIDDEN;
      const member = `serviceAccount:${email}`;
      if (!google.permit(member, 'Cloud Run: invoke', 'run.routes.invoke', name)) return FORBIDDEN;
      token = token.replace(/[^.]*$/, STRIPPED);
    }
    const answer = await fetch(`${urlOf(function_)}${url.pathname}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    });
    await answer.arrayBuffer();
    return answer.status;
  }

  return {
    async push(name, message) {
      const { pushConfig } = subscriptionOf(name);
      const { serviceAccountEmail: email } = pushConfig.oidcToken;
      const account = `iam/projects/${project}/serviceAccounts/${email}`;
      const asks = ['Pub/Sub: token', 'iam.serviceAccounts.getOpenIdToken', account] as const;
      // Since April 2021 the agent may by a role that Google itself grants.
      if (google.weather.oldProject && !google.permit(PUBSUB_AGENT, ...asks)) return FORBIDDEN;
      const times = { messageId: '1', publishTime: new Date().toISOString() };
      return post(new URL(pushConfig.pushEndpoint), pushConfig.oidcToken, {
        message: { ...times, ...message },
        subscription: `projects/${project}/subscriptions/${name}`,
      });
    },
    run(job) {
      const { httpTarget } = Object(
        resource(`cloudscheduler/projects/${project}/locations/${region}/jobs/${job}`),
      );
      return post(new URL(httpTarget.uri), httpTarget.oidcToken);
    },
    giveUp(name, message) {
      const { deadLetterPolicy } = subscriptionOf(name);
      const attributes = {
        ...Object(message['attributes']),
        CloudPubSubDeadLetterSourceDeliveryCount: String(deadLetterPolicy.maxDeliveryAttempts),
        CloudPubSubDeadLetterSourceSubscription: name,
        CloudPubSubDeadLetterSourceSubscriptionProject: project,
        CloudPubSubDeadLetterSourceTopicPublishTime: new Date().toISOString(),
      };
      const sent = google.handle({
        host: 'pubsub.googleapis.com',
        verb: 'POST',
        path: `/v1/${deadLetterPolicy.deadLetterTopic}:publish`,
        query: new URLSearchParams(),
        member: PUBSUB_AGENT,
        body: { messages: [{ ...message, attributes }] },
      });
      const taken = google.handle({
        host: 'pubsub.googleapis.com',
        verb: 'POST',
        path: `/v1/projects/${project}/subscriptions/${name}:acknowledge`,
        query: new URLSearchParams(),
        member: PUBSUB_AGENT,
        body: { ackIds: ['1'] },
      });
      return sent.status === 200 && taken.status === 200;
    },
  };
}
