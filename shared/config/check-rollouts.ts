import { type Check, fieldOf, isRecord } from './check.ts';

/** The checks of staged roll-outs across the file: what names what, and what contradicts what. */
export function* checkRollouts(value: unknown): ReturnType<Check> {
  const strategies = fieldOf(fieldOf(value, 'rollouts'), 'strategies');
  yield* checkImages(value, isRecord(strategies) ? strategies : {});
  yield* checkRecords(value);
  yield* checkHistory(value);
  if (!isRecord(strategies)) return;
  for (const [name, strategy] of Object.entries(strategies)) {
    const stages = fieldOf(strategy, 'stages');
    if (!Array.isArray(stages)) continue;
    for (const [index, stage] of stages.entries()) {
      const place = ['rollouts', 'strategies', name, 'stages', index];
      for (const { path = [], ...rest } of checkStage(value, stage, index)) {
        yield { path: [...place, ...path], ...rest };
      }
    }
  }
}

function* checkImages(
  value: unknown,
  strategies: Readonly<Record<string, unknown>>,
): ReturnType<Check> {
  const images = fieldOf(value, 'images');
  if (!Array.isArray(images)) return;
  const staged = images.flatMap((image: unknown, index) => {
    const name = fieldOf(image, 'rollout');
    return typeof name === 'string' ? [{ image, index, name }] : [];
  });
  for (const { image, index, name } of staged) {
    const path = ['images', index, 'rollout'];
    if (!Object.hasOwn(strategies, name)) {
      yield { path, ...unknownName('strategy', 'rollouts.strategies', strategies) };
      continue;
    }
    if (fieldOf(image, 'effect') !== 'gate') continue;
    // The tag is all that Config Sync has: nothing can wait behind it, and nothing older can be given out.
    for (const [key, word] of NEEDS_PIN) {
      if (fieldOf(strategies[name], key) !== word) continue;
      const problem = `Names a strategy with ${key}: ${word}, which effect: gate cannot do`;
      const fix = `Write effect: pin, or name a strategy without ${key}: ${word}`;
      yield { path, kind: 'conflict', problem, fix };
    }
  }
  if (fieldOf(value, 'records') !== undefined) return;
  for (const { index } of staged.slice(0, 1)) {
    const problem = 'Has no database for its decisions';
    const fix = 'Add records at the top of the file: a database of its own';
    yield { path: ['images', index, 'rollout'], kind: 'conflict', problem, fix };
  }
}

const NEEDS_PIN = [
  ['onNewer', 'queue'],
  ['newClusters', 'previous'],
] as const;

/** Events are kept beside the records. */
function* checkHistory(value: unknown): ReturnType<Check> {
  const [history, records] = [fieldOf(value, 'history'), fieldOf(value, 'records')];
  if (history === undefined || records !== undefined) return;
  const problem = 'Has no database for its events';
  const fix = 'Add records at the top of the file: a database of its own';
  yield { path: ['history'], kind: 'conflict', problem, fix };
}

/** The store may be deleted at any time; what roll-outs decided may not. */
function* checkRecords(value: unknown): ReturnType<Check> {
  const records = fieldOf(value, 'records');
  const [kind, key] = fieldOf(records, 'sqlite')
    ? (['sqlite', ['path']] as const)
    : (['firestore', ['project', 'database']] as const);
  const mine = fieldOf(records, kind);
  const other = fieldOf(fieldOf(value, 'store'), kind);
  if (mine === undefined || other === undefined) return;
  if (!key.every((name) => fieldOf(mine, name) === fieldOf(other, name))) return;
  const problem = 'Is the store, which may be deleted at any time';
  yield { path: ['records'], kind: 'conflict', problem, fix: 'Name a database of its own' };
}

function* checkStage(value: unknown, stage: unknown, index: number): ReturnType<Check> {
  const windows = fieldOf(fieldOf(value, 'rollouts'), 'windows');
  const policies = fieldOf(value, 'trust');
  yield* checkName(stage, 'windows', 'window', 'rollouts.windows', windows);
  yield* checkName(stage, 'signedBy', 'trust policy', 'trust', policies);
  if (index === 0 && fieldOf(stage, 'signedBy') !== undefined) {
    const problem = 'Is the first stage, which opens by the policy of the image alone';
    const fix = 'Remove it, or name that policy under images[].trust';
    yield { path: ['signedBy'], kind: 'conflict', problem, fix };
  }
  const approval = fieldOf(stage, 'approval');
  if (approval === undefined) return;
  for (const found of checkApproval(approval, fieldOf(fieldOf(value, 'access'), 'api'))) {
    yield { ...found, path: ['approval', ...(found.path ?? [])] };
  }
}

function* checkName(
  stage: unknown,
  key: string,
  what: string,
  where: string,
  known: unknown,
): ReturnType<Check> {
  const name = fieldOf(stage, key);
  if (typeof name !== 'string' || (isRecord(known) && Object.hasOwn(known, name))) return;
  yield { path: [key], ...unknownName(what, where, isRecord(known) ? known : {}) };
}

/** Accounts that Google makes for programs. */
const PROGRAM = /\.gserviceaccount\.com$/;

function* checkApproval(approval: unknown, api: unknown): ReturnType<Check> {
  const known = listOf(api, 'approvers');
  const named = listOf(approval, 'approvers');
  const approvers = named ?? known ?? [];
  const path = named === undefined ? [] : ['approvers'];
  if (approvers.length === 0) {
    const fix = 'Add approvers, here or under access.api';
    // An empty list is refused where it stands.
    if (named === undefined) yield { kind: 'conflict', problem: 'Has no approvers', fix };
    return;
  }
  for (const [index, email] of (named ?? []).entries()) {
    if (!email.includes('@')) return;
    // Where the API asks for no names, it knows no approvers.
    if (fieldOf(api, 'mode') === 'none' || known?.includes(email) === true) continue;
    const problem = 'Is not among access.api.approvers, so that the API refuses it';
    yield { path: [...path, index], kind: 'conflict', problem, fix: 'Add it there as well' };
  }
  if (approvers.every((email) => PROGRAM.test(email))) {
    const problem = 'Has programs only: a pipeline would approve what it has pushed';
    const fix = 'Add the address of a person, or remove the approval';
    yield { path, kind: 'conflict', problem, fix };
  }
  const count = fieldOf(approval, 'count');
  if (typeof count === 'number' && count > new Set(approvers).size) {
    const problem = `Asks for more approvals than its ${new Set(approvers).size} approvers can give`;
    const fix = 'Write a smaller number, or add approvers';
    yield { path: ['count'], kind: 'conflict', problem, fix };
  }
}

function listOf(value: unknown, key: string): readonly string[] | undefined {
  const list = fieldOf(value, key);
  if (!Array.isArray(list)) return undefined;
  return list.filter((entry) => typeof entry === 'string');
}

function unknownName(
  what: string,
  where: string,
  known: Readonly<Record<string, unknown>>,
): { kind: 'bad-value'; problem: string; fix: string } {
  const names = Object.keys(known).join(', ');
  const fix =
    names === '' ? `Add it under ${where}` : `Write one of ${names}, or add it under ${where}`;
  return { kind: 'bad-value', problem: `Names no ${what}`, fix };
}
