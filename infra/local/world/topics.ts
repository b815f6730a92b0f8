/** Topics of the local project; `registry` has the name that Artifact Registry publishes to. */
export const TOPICS = {
  registry: 'gcr',
  tasks: 'countersign-tasks',
  sweepTasks: 'countersign-sweep-tasks',
  resyncTasks: 'countersign-resync-tasks',
  status: 'countersign-status',
  deadLetters: 'countersign-dead-letters',
} as const;

/** For people who want to see what happens. */
export const STATUS_SUBSCRIPTION = `${TOPICS.status}-local`;
export const DEAD_LETTER_SUBSCRIPTION = `${TOPICS.deadLetters}-local`;

/** Subscriptions that push to a function, each named `<topic>-<function>`. */
export const PUSH_SUBSCRIPTIONS = [
  { topic: TOPICS.registry, to: 'push', path: '/', ordered: false },
  { topic: TOPICS.tasks, to: 'cluster', path: '/tasks', ordered: true },
  { topic: TOPICS.sweepTasks, to: 'cluster', path: '/sweep-tasks', ordered: true },
  { topic: TOPICS.resyncTasks, to: 'cluster', path: '/resync-tasks', ordered: true },
] as const;

/** As long as one reconcile may take. */
export const ACK_DEADLINE_SECONDS = 60;
/** Short, so that nobody at a terminal waits long for a retry. */
export const RETRY_POLICY = { minimumBackoff: '1s', maximumBackoff: '10s' } as const;
/** About three minutes of retries. */
export const MAX_DELIVERY_ATTEMPTS = 20;
