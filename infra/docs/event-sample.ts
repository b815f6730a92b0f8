import { encodeEvent } from '#shared/status/encode.ts';
import type { StatusType } from '#shared/status/events.ts';
import { SAMPLES } from './event-samples.ts';

const SOURCE = '//countersign.dev/projects/fleet-host';
const PUBLISHED_AT = new Date('2026-11-22T05:00:01Z');

/** A message of this type as a subscriber has it, its data decoded. */
export function sampleOf(type: StatusType): object {
  const { attributes, data } = encodeEvent(SAMPLES[type], { source: SOURCE, now: PUBLISHED_AT });
  const decoded: unknown = JSON.parse(Buffer.from(data).toString());
  return { attributes, data: decoded };
}
