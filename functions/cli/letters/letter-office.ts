import type { Config } from '#shared/config/config.ts';
import type { PubsubCalls } from '#shared/status/pubsub-calls.ts';

/** What the config names, opened. */
export interface LetterOffice {
  readonly pubsub: PubsubCalls;
  readonly config: Pick<Config, 'topics' | 'history'>;
  readonly pause: (milliseconds: number) => Promise<void>;
}
