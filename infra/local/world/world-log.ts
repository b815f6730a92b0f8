import { createWriteStream } from 'node:fs';

/** What the world's own parts have to say. */
export interface WorldLog {
  /** A failure that some part goes on after. */
  readonly failure: (error: unknown) => void;
  close(): Promise<void>;
}

/** Begins the file anew; `onLine` is told every line too. */
export function openWorldLog(path: string, onLine: (line: string) => void): WorldLog {
  const file = createWriteStream(path);
  return {
    failure(error) {
      const line = describe(error);
      file.write(`${new Date().toISOString()} ${line}\n`);
      onLine(line);
    },
    close: () => new Promise((resolve) => file.end(() => resolve())),
  };
}

/** An error and what led to it, on one line: `fetch failed` alone says nothing. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return cause === undefined ? message : `${message} (${describe(cause)})`;
}
