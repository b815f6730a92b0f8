import { describe, expect, it } from 'vitest';
import { logEvent } from '#functions/wiring/topics.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import { severityOf } from '#shared/status/events.ts';
import { recordLog } from '#test/fakes/log.ts';
import { EVERY_EVENT, sweepEvent, syncEvent } from '#test/fixtures/status-events.ts';

const LEVELS = { INFO: 'info', WARNING: 'warn', ERROR: 'error' } as const;

describe('logEvent()', () => {
  it('writes every event by its severity', () => {
    const { log, lines } = recordLog();
    for (const event of EVERY_EVENT) logEvent(event, eventIdOf(event), log);
    expect(lines.map(({ level, event }) => [event, level])).toEqual(
      EVERY_EVENT.map((event) => [event.type, LEVELS[severityOf(event)]]),
    );
    expect(new Set(lines.map(({ message }) => message))).toEqual(new Set(['Event published']));
  });

  it('says of what it is, in the fields that alerts group by', () => {
    const { log, lines } = recordLog();
    const event = syncEvent('sync.blocked');
    const errors = ['2002', '2002', '1021'].map((code) => ({ code, message: 'Refused' }));
    logEvent({ ...event, data: { ...event.data, errors } }, eventIdOf(event), log);
    expect(lines).toEqual([
      {
        level: 'error',
        message: 'Event published',
        event: 'sync.blocked',
        eventId: eventIdOf(event),
        image: event.data.image,
        digest: event.data.digest,
        cluster: 'c1',
        sync: 'RootSync/root-sync',
        phase: 'Synced',
        codes: ['2002', '1021'],
        text: 'Told',
      },
    ]);
  });

  it('counts broken glass, also where there is none', () => {
    const { log, lines } = recordLog();
    const event = sweepEvent();
    logEvent({ ...event, data: { ...event.data, breakGlass: ['c1/RootSync/a'] } }, 'id', log);
    logEvent({ ...event, data: { ...event.data, breakGlass: [] } }, 'id', log);
    expect(lines.map(({ breakGlass }) => breakGlass)).toEqual([1, 0]);
  });
});
