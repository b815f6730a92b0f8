import { type Command, type Facts, fill, type Step, wordsOf } from './step.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PlayDeps {
  /** Runs a program to its end; a program that is not there has code 127. Ends it when the signal aborts. */
  readonly run: (
    argv: readonly string[],
    at: 'checkout' | 'folder',
    signal?: AbortSignal,
  ) => Promise<Ran>;
  readonly write: (file: string, text: string) => Promise<void>;
  /** Keeps what is needed to undo, over the end of this process. */
  readonly remember: (state: State) => Promise<void>;
  readonly say: (line: string) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** The person wants it to end: what runs is stopped, and all is undone. */
  readonly stop: AbortSignal;
}

/** What a try made so far. */
export interface State {
  readonly facts: Facts;
  /** Steps that were begun, in order. */
  readonly begun: readonly string[];
}

export interface Outcome {
  readonly step: Step;
  readonly status: 'held' | 'did not hold' | 'not reached';
  readonly seconds: number;
  /** Of one that did not hold: the command, what was wrong, and what was printed. */
  readonly reason?: string;
}

const PAUSE_MS = 5_000;
const MAX_REASON = 600;
/** How gcloud, Terraform and kubectl say that there is nothing to remove. */
const NOTHING = /not[ _]found|matched no objects|no matching objects|no state file|doesn't exist/i;

/** Runs the steps until one does not hold. Never rejects for what a program does. */
export async function play(
  steps: readonly Step[],
  state: State,
  deps: PlayDeps,
): Promise<{ readonly outcomes: readonly Outcome[]; readonly state: State }> {
  const outcomes: Outcome[] = [];
  let now = state;
  for (const step of steps) {
    if (outcomes.some(({ status }) => status === 'did not hold') || deps.stop.aborted) {
      outcomes.push({ step, status: 'not reached', seconds: 0 });
      continue;
    }
    now = { ...now, begun: [...now.begun, step.id] };
    await deps.remember(now);
    deps.say(`${outcomes.length + 1}/${steps.length} ${step.title}`);
    const began = deps.now();
    const { facts, reason } = await playStep(step, now.facts, deps);
    now = { ...now, facts };
    const seconds = Math.round((deps.now() - began) / 1000);
    deps.say(reason === undefined ? `    held, ${seconds} s` : `    did not hold: ${reason}`);
    outcomes.push(
      reason === undefined
        ? { step, status: 'held', seconds }
        : { step, status: 'did not hold', seconds, reason },
    );
  }
  await deps.remember(now);
  return { outcomes, state: now };
}

async function playStep(
  { files = {}, commands }: Step,
  given: Facts,
  deps: PlayDeps,
): Promise<{ facts: Facts; reason?: string }> {
  let facts = given;
  for (const [file, text] of Object.entries(files)) await deps.write(file, fill(text, facts));
  for (const command of commands) {
    if (command.unless !== undefined && facts[command.unless] !== '') continue;
    deps.say(`    ${fill(command.run, facts)}`);
    const { ran, wrong } = await runUntilRight(command, facts, deps);
    if (wrong !== undefined) {
      const printed =
        command.secret === true ? '' : `${ran.stdout}${ran.stderr}`.trim().slice(-MAX_REASON);
      return {
        facts,
        reason: [`${fill(command.run, facts)}: ${wrong}`, printed].filter(Boolean).join('\n'),
      };
    }
    if (command.keep !== undefined) facts = { ...facts, [command.keep]: ran.stdout.trim() };
    if (command.save !== undefined) await deps.write(command.save, ran.stdout);
  }
  return { facts };
}

async function runUntilRight(
  command: Command,
  facts: Facts,
  deps: PlayDeps,
): Promise<{ ran: Ran; wrong: string | undefined }> {
  const until = deps.now() + (command.minutes ?? 0) * 60_000;
  for (;;) {
    const ran = await runCommand(command, facts, deps, deps.stop);
    const wrong = deps.stop.aborted ? 'stopped' : problemOf(command, facts, ran);
    if (wrong === undefined || deps.stop.aborted || deps.now() >= until) return { ran, wrong };
    await deps.pause(PAUSE_MS);
  }
}

function runCommand(
  command: Command,
  facts: Facts,
  deps: PlayDeps,
  signal?: AbortSignal,
): Promise<Ran> {
  return deps.run(wordsOf(command, facts), command.at ?? 'folder', signal);
}

function problemOf(
  { exit = 0, prints, silent }: Command,
  facts: Facts,
  ran: Ran,
): string | undefined {
  if (ran.code === 127) return 'the program is not there';
  if (ran.code !== exit) return `exit code ${ran.code}, not ${exit}`;
  const wanted = prints === undefined ? '' : fill(prints, facts);
  if (!ran.stdout.includes(wanted)) return `prints no "${wanted}"`;
  return silent === true && ran.stdout.trim() !== '' ? 'prints something' : undefined;
}

/** Removes what the steps that were begun made, the last one first. Returns the commands that failed, as one would type them. */
export async function undo(
  steps: readonly Step[],
  { facts, begun }: State,
  deps: PlayDeps,
): Promise<readonly string[]> {
  const failed: string[] = [];
  const done = begun.toReversed().flatMap((id) => steps.filter((step) => step.id === id));
  for (const command of done.flatMap((step) => step.undo ?? [])) {
    if (command.unless !== undefined && facts[command.unless] !== '') continue;
    const typed = fill(command.run, facts);
    deps.say(`    ${typed}`);
    const ran = await runCommand(command, facts, deps);
    const printed = `${ran.stdout}${ran.stderr}`.trim();
    if (ran.code === 0 || NOTHING.test(printed)) continue;
    deps.say(`    failed: ${printed.slice(-MAX_REASON)}`);
    failed.push(typed);
  }
  return failed;
}
