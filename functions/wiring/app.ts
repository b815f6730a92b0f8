import type { Config } from '#shared/config/config.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { Access, CheckCaller } from '#shared/http/access.ts';
import { type App, createApp } from '#shared/http/app.ts';
import { createCallerCheck } from '#shared/http/check-caller.ts';
import type { OpenedFunction } from '#shared/http/open-later.ts';
import type { MessageDeps } from '#shared/http/with-message.ts';
import type { ReconcileSettings } from '#shared/reconcile/deps.ts';
import { encodeDeadLetter } from '#shared/status/dead-letter.ts';
import type { Topics } from '#shared/status/pubsub-topic.ts';
import type { Store } from '#shared/store/store.ts';
import type { Base } from './base.ts';

/**
 * Who may call the function `name`: its entry of `access`. Throws `bad-config` where there is none.
 *
 * @example
 * const checkCaller = openAccess(base, 'push');
 */
export function openAccess(
  { env, config, now }: Base,
  name: 'push' | 'cluster' | 'sweep',
): CheckCaller {
  const access: Access | undefined = config.access[name];
  if (access === undefined) {
    throw new CountersignError('bad-config', `access.${name} is missing: nobody may call ${name}`);
  }
  return createCallerCheck(access, { host: env.host, now });
}

/**
 * What every Pub/Sub endpoint needs.
 *
 * @example
 * app.post('/', withMessage(handle, openMessages(base, topics, checkCaller)));
 */
export function openMessages(base: Base, topics: Topics, checkCaller: CheckCaller): MessageDeps {
  const { config, now, telemetry } = base;
  const { tracing, meter } = telemetry;
  const topic = topics.publisher(config.topics.deadLetters);
  return {
    checkCaller,
    now,
    tracing,
    meter,
    async deadLetter(letter) {
      await topic.publish(encodeDeadLetter(letter));
    },
    // Kept as well: what failed because a permission was missing can be replayed when that is there.
    async reportFailure({ code, message: reason }, message) {
      await topic.publish(encodeDeadLetter({ code, reason, data: message.data, message }));
    },
  };
}

/**
 * An app with health and readiness; ready means that the store answers.
 *
 * @example
 * const app = openApp(base, () => store.readCluster(''));
 */
export function openApp({ log, telemetry }: Base, ready: () => Promise<unknown>): App {
  return createApp({
    log,
    tracing: telemetry.tracing,
    meter: telemetry.meter,
    flush: () => telemetry.flush(),
    ready: async () => {
      await ready();
    },
  });
}

/** The app as an opened function, which closes its clients after the last answer. */
export function asOpened(
  app: App,
  { topics, store }: { readonly topics: Topics; readonly store: Store },
): OpenedFunction {
  return {
    app,
    async close() {
      await topics.close();
      await store.close();
    },
  };
}

/** What the config says of a reconcile, beside images and policies. */
export function reconcileSettings({ sweep, unmatched, otherSources }: Config): ReconcileSettings {
  const { blockedAfterMs, deletingAfterMs, liveAfterMs } = sweep;
  return { blockedAfterMs, deletingAfterMs, liveAfterMs, unmatched, otherSources };
}
