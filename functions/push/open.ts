import type { Task } from '#shared/core/task.ts';
import type { OpenedFunction } from '#shared/http/open-later.ts';
import { withMessage } from '#shared/http/with-message.ts';
import { createArtifactLookup, loadDockerImages } from '#shared/registry/artifact-lookup.ts';
import { readSubject } from '#shared/registry/read-manifest.ts';
import { parseNotification } from '#shared/registry/notifications/artifact-registry.ts';
import { readNotification } from '#shared/registry/notifications/notification.ts';
import { createTagsOf } from '#shared/registry/tags-of.ts';
import { openMessages, openShell } from '../wiring/app.ts';
import { readBase } from '../wiring/base.ts';
import { openFleets } from '../wiring/fleet.ts';
import { openImages, openRegistries, openResolveNow } from '../wiring/images.ts';
import type { Start } from '../wiring/start.ts';
import { openStatus, openTasks } from '../wiring/topics.ts';
import { handlePush } from './handle-push.ts';
import { createSignedIn } from './signed-in.ts';

/**
 * The function that Artifact Registry's notifications come to (docs/design.md#the-parts). Throws `bad-config`.
 *
 * @example
 * const { app, close } = await openPush(await readStart('push'));
 */
export async function openPush(start: Start): Promise<OpenedFunction> {
  const base = await readBase(start);
  const { config, now } = base;
  const { app, store, staged, topics, close } = openShell(base);
  const { plain, cached } = openRegistries(base, { store });
  const lookUp = createArtifactLookup(loadDockerImages);
  const deps = {
    ...openImages(base, cached),
    store,
    ...staged,
    publish: openStatus(base, topics),
    now,
    fleet: openFleets(base)('push'),
    subjectOf: readSubject.bind(undefined, cached),
    tagsOf: createTagsOf({ registry: plain, lookUp }),
    signedIn: createSignedIn(config),
    resolveNow: openResolveNow(plain, now),
  };
  const messages = openMessages(base, topics, 'push');
  const publish = openTasks(base, topics, config.topics.tasks);
  const answer = withMessage(async (message, { log }) => {
    const publishTasks = (tasks: readonly Task[]) => publish(tasks, message.publishTime);
    const notification = readNotification(message, parseNotification);
    await handlePush(notification, { ...deps, log, publishTasks });
  }, messages);
  app.post('/', answer);
  return { app, close, warmUp: () => topics.connect() };
}
