import { clearScreenDown, moveCursor } from 'node:readline';
import type { Writable } from 'node:stream';
import { SEEDED_SYNCS } from '../local-world/syncs.ts';
import * as z from 'zod';
import { type PubsubRest, STATUS_SUBSCRIPTION } from '../local-world/pubsub.ts';

/** `sha256:` and twelve digits, as people compare digests. */
export const SHORT_DIGEST = 19;

export interface Screen {
  /** A line that stays. */
  say(line: string): void;
  /** The table as it is now: redrawn in place in a terminal, elsewhere one line for each row that changed. */
  show(board: readonly Row[]): void;
}

/**
 * Draws on `out`; `live` where that is a terminal. `elapsedMs` dates the lines.
 *
 * @example const screen = createScreen(process.stdout, { live: true, elapsedMs });
 */
export function createScreen(
  out: Writable,
  { live, elapsedMs }: { readonly live: boolean; readonly elapsedMs: () => number },
): Screen {
  let shown: readonly Row[] = [];
  let drawn = 0;

  function erase(): void {
    if (drawn === 0) return;
    moveCursor(out, 0, -drawn);
    clearScreenDown(out);
    drawn = 0;
  }

  function draw(): void {
    if (!live || shown.length === 0) return;
    out.write(`${shown.map(formatRow).join('\n')}\n`);
    drawn = shown.length;
  }

  return {
    say(line) {
      erase();
      out.write(line === '' ? '\n' : `${formatTime(elapsedMs())}  ${line}\n`);
      draw();
    },
    show(board) {
      const before = shown.map(formatRow);
      shown = board;
      const changed = board.map(formatRow).filter((row, at) => row !== before[at]);
      if (changed.length === 0) return;
      erase();
      draw();
      if (!live) for (const row of changed) out.write(`${formatTime(elapsedMs())}  ${row}\n`);
    },
  };
}

export function formatTime(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1).padStart(5)} s`;
}

function formatRow({ cluster, sync, phase, digest = '' }: Row): string {
  const cells = `${cluster.padEnd(11)}${sync.padEnd(26)}${phase.padEnd(10)}`;
  return `  ${cells}${digest.slice(0, SHORT_DIGEST)}`.trimEnd();
}

/** One RSync of one cluster, as the status events report it. */
export interface Row {
  readonly cluster: string;
  readonly sync: string;
  /** Repository that it follows. */
  readonly repository: string;
  readonly phase: string;
  readonly digest: string | undefined;
}

/** `RootSync/root-sync`, `RepoSync/team-a/repo-sync`: as events and the API name an RSync. */
export function syncName({ kind, namespace, name }: (typeof SEEDED_SYNCS)[number]): string {
  return kind === 'RootSync' ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

/** Every RSync of the world, before anything was pushed. */
export function emptyBoard(registry: string, clusters: readonly string[]): Row[] {
  return SEEDED_SYNCS.flatMap((seed) =>
    clusters.map((cluster) => ({
      cluster,
      sync: syncName(seed),
      repository: `${registry}/${seed.image.replace(/:[^:]*$/, '')}`,
      phase: 'No image',
      digest: undefined,
    })),
  );
}

/** The board after an event: an image's verdict holds for all that follow it, an RSync's event for itself. */
export function applyEvent(board: readonly Row[], event: Received): Row[] {
  const { type, digest } = event;
  return board.map((row) => {
    if (type === 'image.unsigned' && event.image === row.repository) {
      return row.phase === 'No image' ? { ...row, phase: 'Pending', digest } : row;
    }
    if (event.cluster !== row.cluster || event.sync !== row.sync) return row;
    return { ...row, phase: event.phase ?? row.phase, digest: digest ?? row.digest };
  });
}

/** What is read of a status event (docs/events.md): `image` is a repository without its tag. */
const eventSchema = z
  .object({
    attributes: z.object({
      type: z.string(),
      severity: z.string(),
      'ce-id': z.string(),
      'ce-time': z.iso.datetime().transform((time) => new Date(time)),
      image: z.string().optional(),
      cluster: z.string().optional(),
      sync: z.string().optional(),
    }),
    body: z.object({
      phase: z.string().optional(),
      digest: z.string().optional(),
      /** Of a roll-out in stages. */
      id: z.string().optional(),
      stage: z.string().optional(),
      message: z.string(),
    }),
  })
  .transform(({ attributes: { 'ce-id': ceId, 'ce-time': at, ...attributes }, body }) => ({
    ceId,
    at,
    ...attributes,
    ...body,
  }));

/** One status event as a subscriber receives it. */
export type Received = z.output<typeof eventSchema>;

/** Everything received so far, and a way to wait for more. */
interface EventLog {
  readonly received: readonly Received[];
  /** Settles when the subscriber has ended; rejects with why, unless it was stopped. */
  readonly ended: Promise<void>;
}

/** Subscribes to the status topic until `stop`, and passes each event to `onEvent` once it is in the log. */
export function subscribe(
  pubsub: PubsubRest,
  stop: AbortSignal,
  onEvent: (event: Received) => void,
): EventLog {
  const received: Received[] = [];
  async function run(): Promise<void> {
    while (!stop.aborted) {
      const messages = await pubsub.pull(STATUS_SUBSCRIPTION, stop);
      for (const { attributes, data } of messages) {
        const event = eventSchema.parse({ attributes, body: JSON.parse(data.toString()) });
        // What is published again has its id again (docs/events.md).
        if (received.some(({ ceId }) => ceId === event.ceId)) continue;
        received.push(event);
        onEvent(event);
      }
      const ackIds = messages.map(({ ackId }) => ackId);
      if (ackIds.length > 0) await pubsub.acknowledge(STATUS_SUBSCRIPTION, ackIds);
    }
  }
  const ended = run().catch((error: unknown) => {
    if (!stop.aborted) throw error;
  });
  return { received, ended };
}
