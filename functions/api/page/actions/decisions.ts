import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { checkShape } from '#shared/http/read-json.ts';
import { requireInvoker, requireOverrider } from '../../check-person.ts';
import { numberOf, shortDigest } from '../../overview/sentences.ts';
import { type Decided, decide } from '../../rollouts/decide.ts';
import type { DecisionAnswer } from '../../rollouts/decision-operation.ts';
import { problemOfRefusal } from '../../rollouts/refusals.ts';
import { DECISIONS, type Verb } from '../../rollouts/verbs.ts';
import { DECISION_LABELS } from '../rollouts/rollout-actions.ts';
import { linkOf } from '../words.ts';
import type { Acting, Action, Field, Form, Preview, Touched } from './action.ts';

const ID: Field = { name: 'id', label: 'Roll-out', required: true, given: true, max: 512 };

/** Where the words of the API name its fields. */
const ABOUT: Readonly<Partial<Record<Verb['name'], string>>> = {
  resume:
    'Go on with what is paused or halted; also although some clusters failed, or are out of reach.',
  rollback:
    'Take every cluster that has the digest back, at once: to what was completed last, or to another digest that verifies, which needs an overrider. The digest is rejected from then on: only a retry rolls it out again.',
};

/** What each decision asks for beside its reason. */
const FIELDS: Readonly<Partial<Record<Verb['name'], readonly Field[]>>> = {
  resume: [{ name: 'ignore', label: 'Clusters to go on without, with blanks between', max: 4_096 }],
  approve: [{ name: 'stage', label: 'Stage', required: true, max: 512 }],
  promote: [
    { name: 'stage', label: 'Up to this stage; empty: all of them', max: 512 },
    {
      name: 'overrideWindows',
      label: 'Outside of windows and freezes of the config too',
      kind: 'check',
    },
    { name: 'includeHeld', label: 'What is held as well', kind: 'check' },
  ],
  rollback: [{ name: 'to', label: 'To this digest; empty: what was completed last', max: 1_024 }],
};

/** Decisions on roll-outs, by the verbs of the API. */
export const DECISION_ACTIONS: readonly Action[] = DECISIONS.map(({ verb }): Action => {
  const { name, summary, description, right } = verb;
  return {
    name,
    label: DECISION_LABELS[name],
    about: ABOUT[name] ?? `${summary}. ${description}`,
    fields: [ID, ...(FIELDS[name] ?? [])],
    grave: name !== 'resume' && name !== 'approve',
    may: ({ mayInvoke, mayOverride }) =>
      right === 'approvers' || (right === 'invokers' ? mayInvoke : mayOverride),
    async preview(form, acting) {
      return previewOf(await ask(verb, form, true, acting));
    },
    async run(form, acting) {
      const { rollout } = await ask(verb, form, false, acting);
      return linkOf('/rollout', { id: rollout.id, done: name });
    },
  };
});

async function ask(
  verb: Verb,
  { id = '', ...form }: Form,
  dryRun: boolean,
  { person, key, deps, log }: Acting,
): Promise<DecisionAnswer> {
  if (verb.right === 'invokers') requireInvoker(person);
  if (verb.right === 'overriders') requireOverrider(person);
  if (deps.staged === undefined)
    throw new CountersignError(
      'bad-request',
      'The config names no records: there are no roll-outs',
    );
  const body = checkShape(verb.body, bodyOf(verb, form, dryRun), 'form');
  const decided = await decide({ of: { id }, verb, body, person, key }, deps.staged, log);
  return answerOf(decided, verb);
}

/** The body of the API's request. */
function bodyOf(verb: Verb, form: Form, dryRun: boolean): Record<string, unknown> {
  const { ignore, overrideWindows, includeHeld, ...texts } = form;
  return defined({
    ...texts,
    dryRun: dryRun || undefined,
    ignore: ignore?.split(/\s+/).filter((name) => name !== ''),
    overrideWindows: overrideWindows === undefined ? undefined : true,
    includeHeld: includeHeld === undefined ? undefined : true,
    all: verb.name === 'promote' && form['stage'] === undefined ? true : undefined,
  });
}

/** Throws what a page says of a decision that is not made. */
function answerOf(decided: Decided, verb: Verb): DecisionAnswer {
  switch (decided.status) {
    case 'decided':
      return decided.answer;
    case 'absent':
      throw new CountersignError(
        'bad-request',
        'No roll-out has this id any more: a newer digest has replaced it',
      );
    case 'not-verified':
      throw new CountersignError('bad-request', decided.message);
    case 'changed':
      throw new CountersignError(
        'bad-request',
        'The roll-out has changed meanwhile: look at it, and decide again',
      );
    case 'refused': {
      const { detail, status } = problemOfRefusal(decided, verb.name);
      throw new CountersignError(status === 403 ? 'forbidden' : 'bad-request', detail);
    }
  }
}

function previewOf({ touched, message, needsTag }: DecisionAnswer): Preview {
  const who =
    touched === undefined || touched.syncs === 0
      ? 'What RSyncs may get next stays as it is'
      : `${numberOf(touched.syncs, 'RSync')} on ${numberOf(touched.clusters, 'cluster')} may get another digest next, or none`;
  const then = message === undefined ? '' : `. Then: ${message}`;
  return defined({
    sentence: `${who}${then}`,
    touched: (touched?.list ?? []).map(touchedOf),
    command: needsTag?.command,
  });
}

function touchedOf({
  cluster,
  sync,
  before,
  after,
  why,
}: NonNullable<DecisionAnswer['touched']>['list'][number]): Touched {
  const from = before === undefined ? '' : `instead of ${shortDigest(before)}`;
  return after === undefined
    ? { cluster, sync, word: 'waits', tone: 'wait', text: `${why ?? ''} ${from}`.trim() }
    : { cluster, sync, word: 'gets', tone: 'ok', text: `${shortDigest(after)} ${from}`.trim() };
}
