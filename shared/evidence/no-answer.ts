/** Why a question of a check has no answer that says yes or no, in words for people. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /** Whether the same question may do better a moment later. */
  readonly retry: boolean;

  constructor(message: string, options: { readonly retry: boolean; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retry = options.retry;
  }
}
