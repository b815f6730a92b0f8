import { type Command, command } from '#shared/core/rollout/command.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { rolloutId } from '#shared/core/rollout/id.ts';
import type { Strategies } from '#shared/config/strategies.ts';
import type { Journal } from '../journal.ts';
import type { Random } from '../random.ts';
import type { Clock } from '../sim/clock.ts';
import type { Plan, PlannedImage } from '../world.ts';
import type { Deed } from './decisions.ts';
import type { InHand } from './in-hand.ts';
import type { SimRecords } from './sim-records.ts';
import { LEAD } from './staged-plan.ts';
import type { RolloutWatch } from './watch-rollouts.ts';

/** People who watch roll-outs: they stop them for no reason, look away for minutes, and put right what stands still. */
export interface People {
  start(): void;
  /** From now on they stop nothing, and look each minute. */
  calm(): void;
}

export interface PeopleDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly plan: Plan;
  readonly strategies: Strategies;
  readonly records: SimRecords;
  readonly watch: RolloutWatch;
  readonly inHand: InHand;
  /** Clusters on which the digest is not live. */
  readonly lagging: (image: PlannedImage, digest: string) => readonly string[];
}

const MINUTE = 60_000;
const OPS = 'ops@acme.example';
/** Mean times between deeds of each kind on one image. */
const MEDDLE_MS = 50 * MINUTE;
const TEND_MS = 6 * MINUTE;
const APPROVE_MS = 1.5 * MINUTE;
/** Of all meddling. */
const MEDDLING = ['pause', 'pause', 'pause', 'rollback', 'rollback', 'abort'] as const;
/** Of what is halted or aborted, so much is tried again; the rest waits for a newer digest. */
const RETRIED = 0.15;
const RESUMED = 0.5;
/** Of resumes after failures, so many go on without those that lag. */
const IGNORING = 0.5;

export function createPeople(deps: PeopleDeps): People {
  const { clock, random, journal, plan, strategies, records, watch, inHand } = deps;
  let calm = false;

  async function act(
    image: PlannedImage,
    choose: (record: RolloutRecord) => Command | undefined,
    by = OPS,
  ): Promise<void> {
    const entry = await records.direct.read(image.reference);
    const rule = plan.rules.find(({ rollout }) => rollout === image.staged?.name);
    const strategy = rule && strategies.of(rule);
    const asked = entry.record && choose(entry.record);
    if (entry.record === undefined || strategy === undefined || asked === undefined) return;
    const { record } = entry;
    const actor = { by, reason: 'as the campaign has it' };
    const outcome = command(record, asked, actor, strategy, new Date(clock.now()));
    if ('refused' in outcome || outcome.record === record) return;
    if (!(await records.direct.replace(outcome.record, entry))) return;
    watch.of(image.reference).commanded(inHand.moment(), deedOf(asked, record, outcome.record));
    journal.count(`people: ${asked.do}`);
    journal.step(
      `rollout ${image.reference}`,
      `a person does ${asked.do}: ${outcome.record.status}`,
    );
  }

  function meddle(image: PlannedImage): void {
    if (calm) return;
    const deed = random.pick(MEDDLING);
    void act(image, ({ image: of, digest, version }) =>
      deed === 'rollback' ? { do: deed, id: rolloutId(of, digest, version + 1) } : { do: deed },
    );
  }

  /** Goes on with what stands still. */
  function tend(image: PlannedImage): void {
    void act(image, (record) => {
      const { status, digest, version, cause } = record;
      const id = rolloutId(record.image, digest, version + 1);
      if (status === 'paused' || (status === 'halted' && (calm || random.chance(RESUMED)))) {
        const ignoring = calm || (status === 'halted' && random.chance(IGNORING));
        const ignore = ignoring && cause !== 'person' ? deps.lagging(image, digest) : [];
        return { do: 'resume', ignore };
      }
      const ended = status === 'halted' || status === 'aborted';
      const tries = status === 'aborted' ? calm || random.chance(RESUMED) : random.chance(RETRIED);
      return ended && tries ? { do: 'retry', id } : undefined;
    });
  }

  function approve(image: PlannedImage): void {
    const choose = ({ stage }: RolloutRecord): Command => ({ do: 'approve', stage });
    void act(image, choose, LEAD);
  }

  function every(mean: number, deed: (image: PlannedImage) => void, image: PlannedImage): void {
    clock.after(random.waiting(mean), () => {
      clock.stir();
      deed(image);
      every(mean, deed, image);
    });
  }

  return {
    start() {
      for (const image of plan.images.filter(({ staged }) => staged !== undefined)) {
        every(MEDDLE_MS, meddle, image);
        every(TEND_MS, tend, image);
        every(APPROVE_MS, approve, image);
      }
    },
    calm() {
      calm = true;
    },
  };
}

function deedOf(asked: Command, before: RolloutRecord, after: RolloutRecord): Deed {
  if (asked.do === 'resume') return { did: 'resume', digest: before.digest, ignored: asked.ignore };
  if (asked.do === 'rollback') return { did: 'rollback', bad: before.digest };
  if (asked.do === 'retry') return { did: 'retry', digest: after.digest };
  if (asked.do === 'promote' || asked.do === 'start') throw new TypeError('Nothing asks for it');
  return { did: asked.do };
}
