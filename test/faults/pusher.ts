import type { Digest } from '#shared/core/digest.ts';
import type { Brokers } from './brokers.ts';
import type { Random } from './random.ts';
import type { Move, SigningKey, SimRegistry } from './sim/registry.ts';
import type { PlannedImage } from './world.ts';

/** What people and pipelines do in the registry, each with the notification that Artifact Registry sends of it. */
export interface Pusher {
  notify(repository: string, what: { readonly tag?: string; readonly digest: string }): void;
  /** Three ways to store a signature, each with an event of its own shape. */
  sign(repository: string, subject: Digest, key: SigningKey): void;
  moveTo(image: PlannedImage, to: Omit<Move, 'at'>): void;
}

export interface PusherDeps {
  readonly random: Random;
  readonly registry: SimRegistry;
  readonly brokers: Pick<Brokers, 'notify'>;
}

export function createPusher({ random, registry, brokers }: PusherDeps): Pusher {
  const notify: Pusher['notify'] = (repository, { tag, digest }) => {
    const named = tag === undefined ? {} : { tag: `${repository}:${tag}` };
    brokers.notify(
      JSON.stringify({ action: 'INSERT', digest: `${repository}@${digest}`, ...named }),
    );
  };
  return {
    notify,
    sign(repository, subject, key) {
      const form = random.pick(['legacy', 'referrer', 'fallback'] as const);
      registry.sign(repository, subject, key);
      const referrer = registry.pushReferrer(repository, subject);
      const fallback = `sha256-${subject.slice('sha256:'.length)}`;
      if (form === 'referrer') notify(repository, { digest: referrer });
      else
        notify(repository, {
          digest: referrer,
          tag: form === 'legacy' ? `${fallback}.sig` : fallback,
        });
    },
    moveTo({ repository, reference }, { top, child }) {
      registry.moveTag(reference, { top, child });
      notify(repository, { tag: 'v1', digest: top });
    },
  };
}
