import type { Config } from '#shared/config/config.ts';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { CheckCaller } from '#shared/http/access.ts';
import { type App, createApp } from '#shared/http/app.ts';
import { createCallerCheck } from '#shared/http/check-caller.ts';
import type { OpenedFunction } from '#shared/http/open-later.ts';
import type { MessageDeps } from '#shared/http/with-message.ts';
import type { ReconcileSettings, Staging } from '#shared/reconcile/deps.ts';
import { encodeDeadLetter } from '#shared/status/dead-letter.ts';
import { createTopics, type Topics } from '#shared/status/pubsub-topic.ts';
import type { Store } from '#shared/store/store.ts';
import type { Base } from './base.ts';
import { openStaging } from './staging.ts';
import { openStore } from './store.ts';

/** What every function with a store is built on; `close` ends its clients after the last answer. */
export interface Shell extends OpenedFunction {
  readonly app: App;
  readonly store: Store;
  /** What it takes to roll out in stages: no key at all where the config names no `records`. */
  readonly staged: { readonly staging?: Staging };
  /** Pub/Sub, or the emulator that the environment names. */
  readonly topics: Topics;
  readonly close: () => Promise<void>;
}

/**
 * An app with health and readiness, and the topics. Ready means that what it asks answers.
 *
 * @example
 * const { app, topics } = openApp(base, () => store.readCluster(''));
 */
export function openApp(
  { log, env, telemetry }: Base,
  ask: () => Promise<unknown>,
): Pick<Shell, 'app' | 'topics'> {
  const app = createApp({
    log,
    tracing: telemetry.tracing,
    meter: telemetry.meter,
    flush: (isIdle) => telemetry.flush(isIdle),
    ready: async () => {
      await ask();
    },
  });
  return { app, topics: createTopics(defined({ emulatorHost: env.pubsubEmulatorHost })) };
}

/**
 * An app with health and readiness, the store, the records and the topics. Ready means that the store answers.
 *
 * @example
 * const { app, store, staged, topics, close } = openShell(base);
 */
export function openShell(base: Base): Shell {
  const store = openStore(base);
  const staging = openStaging(base);
  const { app, topics } = openApp(base, () => store.readCluster(''));
  async function close(): Promise<void> {
    await topics.close();
    await store.close();
    await staging?.records.close();
    await staging?.freezes.close();
    await staging?.orders?.close();
  }
  return { app, store, staged: defined({ staging }), topics, close };
}

/**
 * Who may call the function `name`: its entry of `access`. Throws `bad-config` where there is none.
 *
 * @example
 * const checkCaller = openAccess(base, 'push');
 */
export function openAccess(
  { env, config, now }: Base,
  name: 'push' | 'cluster' | 'sweep' | 'history',
): CheckCaller {
  const access = config.access[name];
  if (access !== undefined) return createCallerCheck(access, { host: env.host, now });
  throw new CountersignError('bad-config', `access.${name} is missing: no caller may call ${name}`);
}

/**
 * What the Pub/Sub endpoints of the function `name` need.
 *
 * @example
 * app.post('/', withMessage(handle, openMessages(base, topics, 'push')));
 */
export function openMessages(
  base: Base,
  topics: Topics,
  name: 'push' | 'cluster' | 'history',
): MessageDeps {
  const { config, now, telemetry } = base;
  const { tracing, meter } = telemetry;
  const topic = topics.publisher(config.topics.deadLetters);
  return {
    checkCaller: openAccess(base, name),
    now,
    tracing,
    meter,
    async deadLetter(letter) {
      await topic.publish(encodeDeadLetter(letter));
    },
    // Kept as well: what failed because a permission was missing can be replayed once it is granted.
    async reportFailure({ code, message: reason }, message) {
      await topic.publish(encodeDeadLetter({ code, reason, data: message.data, message }));
    },
  };
}

/** What the config says of a reconcile, beside images and policies. */
export function reconcileSettings({ sweep, unmatched, otherSources }: Config): ReconcileSettings {
  const { blockedAfterMs, deletingAfterMs, liveAfterMs } = sweep;
  return { blockedAfterMs, deletingAfterMs, liveAfterMs, unmatched, otherSources };
}
