import { announcementRows } from './announcement-rows.ts';
import { approvalRows } from './approval-rows.ts';
import type { Attack } from './attack.ts';
import { chartRows } from './chart-rows.ts';
import { deletionRows } from './deletion-rows.ts';
import { holdRows } from './hold-rows.ts';
import { keyRows } from './key-rows.ts';
import { leashRows } from './leash-rows.ts';
import { placeRows } from './place-rows.ts';
import { sizeRows } from './size-rows.ts';
import { sourceRows } from './source-rows.ts';

/** Every attack on the gate, and the honest writes beside each that must not be refused. */
export const ATTACKS: readonly Attack[] = [
  ...keyRows,
  ...holdRows,
  ...announcementRows,
  ...deletionRows,
  ...sourceRows,
  ...chartRows,
  ...approvalRows,
  ...leashRows,
  ...placeRows,
  ...sizeRows,
];

/** The namespaces that attacks are carried out in. */
export function namespacesOf(attacks: readonly Attack[]): readonly string[] {
  const places = attacks.flatMap(({ given, steps }) => [
    ...given,
    ...steps.map(({ write }) => write.at),
  ]);
  return [...new Set(places.map(({ metadata }) => metadata.namespace))];
}
