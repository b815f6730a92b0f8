import { StatusError } from './status.ts';

const FORMS = ['PartialObjectMetadata', 'PartialObjectMetadataList', 'Table'] as const;

/** What a client wants in place of whole objects: their metadata, or the rows that kubectl prints. */
export type Form = (typeof FORMS)[number];

/** By the first clause of Accept that is JSON in a known form; undefined where that is of whole objects. */
export function readForm(accept: string): Form | undefined {
  for (const clause of accept.split(',')) {
    const [type, ...terms] = clause.split(';').map((term) => term.trim());
    if (type !== 'application/json') continue;
    const { as, g, v }: Partial<Record<string, string>> = Object.fromEntries(
      terms.map((term) => term.split('=')),
    );
    const form = FORMS.find((known) => known === as);
    if (as === undefined || (form !== undefined && g === 'meta.k8s.io' && v === 'v1')) return form;
  }
  return undefined;
}

/** Throws 406 where a list is to be shown as one object, or one object as a list. */
export function checkForm({ form, verb }: { form?: Form; verb: string }): void {
  const isList = verb === 'list' || verb === 'deletecollection';
  if (form !== (isList ? 'PartialObjectMetadata' : 'PartialObjectMetadataList')) return;
  const message = `you requested ${form}, but the requested object is ${isList ? '' : 'not '}a list`;
  throw new StatusError(406, 'NotAcceptable', message);
}
