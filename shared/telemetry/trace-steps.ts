import { formatReference, type Reference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { Tracing } from '#shared/core/tracing.ts';
import { reasonsOf } from '#shared/core/verdict.ts';
import type { BurstResolver } from '#shared/registry/burst.ts';
import type { Verifier } from '#shared/trust/verifier.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import type { RSyncs } from '#shared/configsync/rsyncs.ts';

/** The resolver, each of whose answers is a step: with what was asked for, and what it is. */
export function traceResolver(resolver: BurstResolver, tracing: Tracing): BurstResolver {
  function step(
    reference: Reference,
    fresh: boolean,
    work: () => Promise<Resolution>,
  ): Promise<Resolution> {
    const attributes = {
      'countersign.image': formatReference(reference),
      'countersign.fresh': fresh,
    };
    return tracing.span('resolve', { attributes }, async (span) => {
      const resolution = await work();
      const { image } = resolution;
      span.set(
        image.status === 'resolved'
          ? { 'countersign.digest': image.digest, 'countersign.index': image.index }
          : { 'countersign.unusable': image.reason },
      );
      return resolution;
    });
  }
  return {
    resolve: (reference, notBefore) =>
      step(reference, false, () => resolver.resolve(reference, notBefore)),
    fresh: (reference) => step(reference, true, () => resolver.fresh(reference)),
  };
}

/** The verifier, each of whose verdicts is a step: with the digest, the verdict and who vouched for it. */
export function traceVerifier(verifier: Verifier, tracing: Tracing): Verifier {
  return {
    verify(subject, policy, options) {
      const { repository, digest, index } = subject;
      const attributes = {
        'countersign.image': repository,
        'countersign.digest': digest,
        'countersign.index': index,
        'countersign.policy': policy.name,
      };
      return tracing.span('verify', { attributes }, async (span) => {
        const verdict = await verifier.verify(subject, policy, options);
        const isVerified = verdict.status === 'verified';
        span.set({
          'countersign.verdict': verdict.status,
          'countersign.authorities': isVerified ? verdict.authorities : undefined,
          'countersign.reasons': isVerified ? undefined : reasonsOf(verdict),
        });
        return verdict;
      });
    },
  };
}

/** What is read from and written to clusters, each call a step; a list is all of its pages. */
export function traceRSyncs(rsyncs: RSyncs, tracing: Tracing): RSyncs {
  return {
    list(api) {
      const attributes = { 'countersign.cluster': api.cluster };
      return tracing.span('list', { attributes }, async (span) => {
        const found = await rsyncs.list(api);
        span.set({ 'countersign.rsyncs': found.length });
        return found;
      });
    },
    read(api, ref) {
      const attributes = about(api.cluster, formatSyncRef(ref));
      return tracing.span('read', { attributes }, () => rsyncs.read(api, ref));
    },
    write(api, rsync, patch) {
      const attributes = about(api.cluster, formatSyncRef(rsync.ref));
      return tracing.span('patch', { attributes }, () => rsyncs.write(api, rsync, patch));
    },
    nomos: (rsync) => rsyncs.nomos(rsync),
  };
}

function about(cluster: string, sync: string): Readonly<Record<string, string>> {
  return { 'countersign.cluster': cluster, 'countersign.sync': sync };
}
