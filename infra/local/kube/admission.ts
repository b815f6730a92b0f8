import type { Kind } from './kinds.ts';
import type { KubeObject } from './object.ts';
import type { KubeRequest } from './request.ts';
import { type Cause, denied } from './status.ts';

/** What an admission plugin sees of one write, as AdmissionReview v1 has it. */
export interface AdmissionRequest {
  operation: 'CREATE' | 'UPDATE' | 'DELETE';
  user: string;
  group: string;
  plural: string;
  kind: string;
  namespace: string;
  name: string;
  subresource: string;
  dryRun: boolean;
  /** Absent on DELETE. */
  object?: KubeObject;
  /** Absent on CREATE. */
  oldObject?: KubeObject;
}

/** A refusal, with the whole message that the client reads. */
export interface Denial {
  code: number;
  reason: string;
  message: string;
  causes?: Cause[];
}

export type Admit = (request: AdmissionRequest) => Denial | undefined | Promise<Denial | undefined>;

/** Asks every plugin in turn; the first denial ends the request. No-op writes are asked too. */
export async function admitWrite(
  plugins: readonly Admit[],
  kind: Kind,
  request: KubeRequest,
  change: Pick<AdmissionRequest, 'operation' | 'object' | 'oldObject'>,
): Promise<void> {
  const { metadata } = change.object ?? change.oldObject ?? { metadata: { name: '' } };
  for (const admit of plugins) {
    const denial = await admit({
      ...change,
      user: request.user,
      group: kind.group,
      plural: kind.plural,
      kind: kind.kind,
      namespace: request.target?.namespace ?? '',
      name: metadata.name,
      subresource: request.target?.subresource ?? '',
      dryRun: request.dryRun,
    });
    if (denial !== undefined) throw denied(kind, metadata.name, denial);
  }
}
