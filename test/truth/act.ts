import { name } from '#test/faults/sim/registry.ts';
import { type Pusher, createPusher } from '#test/faults/pusher.ts';
import { runConfigSync } from '#test/faults/sim/config-sync.ts';
import type { Move } from '#test/faults/sim/registry.ts';
import type { PlannedImage } from '#test/faults/world.ts';
import type { Deed, Signed } from './deeds.ts';
import type { Place } from './plan.ts';
import { POLICIES, type PolicyName } from './trust.ts';
import type { World } from './world.ts';

/** Does what a history says; a deed that makes no sense at the moment does nothing. */
export interface Actor {
  /** Every image signed and every RSync there, before anything happens. */
  begin(): void;
  act(deed: Deed): void;
  /** Ends every trouble that a person can end. */
  mend(): void;
}

const BREAK_GLASS = 'countersign.dev/break-glass';
/** cosign needs so long at the most, where an image is signed before its tag moves. */
const SIGNING_MS = 2_000;

export function createActor(world: World): Actor {
  const { plan, clock, random, registry, clusters, trust, brokers, weather, journal } = world;
  const pusher: Pusher = createPusher({ random: random.fork('pushes'), registry, brokers });

  function push(image: PlannedImage, signed: Signed, bad: boolean): void {
    const pushed = registry.push(image.repository, { form: formOf(), bad });
    const { top, child } = pushed;
    if (child !== undefined && child !== top) pusher.notify(image.repository, { digest: child });
    if (signed === 'later') {
      pusher.moveTo(image, pushed);
      return;
    }
    pusher.notify(image.repository, { digest: top });
    clock.after(random.waiting(SIGNING_MS), () => {
      if (signed === 'before') vouch(image, pushed);
      else pusher.sign(image.repository, top, 'wrong');
      pusher.moveTo(image, pushed);
    });
  }

  function formOf(): 'image' | 'index' | 'arm-only' {
    return random.chance(0.25) ? 'index' : random.chance(0.04) ? 'arm-only' : 'image';
  }

  /** What the policy of now asks for. */
  function vouch(image: PlannedImage, { top }: Omit<Move, 'at'>): void {
    const policy = trust.now();
    pusher.sign(image.repository, top, policy === 'next key' ? 'next' : 'release');
    if (policy === 'release key, attested') pusher.sign(image.repository, top, 'attestation');
  }

  function create({ cluster, key, sync }: Place): void {
    const into = clusters.get(cluster);
    if (into === undefined) return;
    const { kind, namespace, name: called, image } = sync;
    const object = into.create({
      kind,
      metadata: { namespace, name: called },
      spec: { sourceType: 'oci', oci: { image: image.reference } },
      status: {},
    });
    into.wrongSpecs.delete(key);
    journal.step(`${cluster} ${key}`, `is created as ${object.metadata.uid}`);
    const faulty = (): boolean => false;
    runConfigSync(into, object, { clock, journal, registry, random: random.fork(key), faulty });
  }

  function setGlass({ cluster, key, sync }: Place, broken: boolean): void {
    const target = registry.current(sync.image.reference)?.child;
    const into = clusters.get(cluster);
    if (into?.get(key) === undefined || (broken && target === undefined)) return;
    const value = broken ? `${target} the site is down` : null;
    into.patch(key, { metadata: { annotations: { [BREAK_GLASS]: value } } });
    journal.step(`${cluster} ${key}`, broken ? `glass broken for ${name(target)}` : 'glass mended');
  }

  function actOnImage(deed: Deed & { readonly image: number }): void {
    const image = plan.images[deed.image];
    if (image === undefined) return;
    const { repository, reference } = image;
    const current = registry.current(reference);
    const history = registry.moves(reference);
    switch (deed.does) {
      case 'push':
        push(image, deed.signed, deed.bad);
        break;
      case 'sign':
        if (current !== undefined) vouch(image, current);
        break;
      case 'attest':
        if (current !== undefined) pusher.sign(repository, current.top, 'attestation');
        break;
      case 'move-back': {
        const before = history.findLast(({ top }) => top !== current?.top);
        if (before !== undefined) pusher.moveTo(image, before);
        break;
      }
      case 'delete-tag':
        if (current === undefined) break;
        registry.deleteTag(reference);
        brokers.notify(JSON.stringify({ action: 'DELETE', tag: reference }));
        break;
      case 'mend-tag': {
        const last = history.at(-1);
        if (current === undefined && last !== undefined) pusher.moveTo(image, last);
        break;
      }
      default:
        for (const digest of [current?.top, current?.child]) {
          if (digest !== undefined) registry.unsign(repository, digest);
        }
    }
  }

  function actOnSync(deed: Deed & { readonly sync: number }): void {
    const place = plan.places[deed.sync];
    const cluster = clusters.get(place?.cluster ?? '');
    if (place === undefined || cluster === undefined) return;
    switch (deed.does) {
      case 'recreate':
        cluster.remove(place.key);
        journal.step(`${place.cluster} ${place.key}`, 'is deleted');
        create(place);
        break;
      case 'break-glass':
      case 'mend-glass':
        setGlass(place, deed.does === 'break-glass');
        break;
      case 'wrong-spec':
        cluster.wrongSpecs.add(place.key);
        break;
      default:
        cluster.wrongSpecs.delete(place.key);
    }
  }

  function actOnCluster(deed: Deed & { readonly cluster: number }): void {
    const cluster = clusters.get(plan.clusters[deed.cluster]?.name ?? '');
    if (cluster === undefined) return;
    journal.step(`cluster ${cluster.plan.name}`, deed.does);
    switch (deed.does) {
      case 'stop-config-sync':
        cluster.pausedUntil = Number.POSITIVE_INFINITY;
        break;
      case 'start-config-sync':
        cluster.pausedUntil = 0;
        break;
      case 'cut-off':
        cluster.down = true;
        break;
      case 'reconnect':
        cluster.down = false;
        break;
      default:
        cluster.refuses = deed.does === 'refuse';
    }
  }

  /** The config is deployed with the functions. */
  function changePolicy(to: PolicyName): void {
    trust.change(to);
    brokers.redeploy();
  }

  function act(deed: Deed): void {
    if ('image' in deed) actOnImage(deed);
    else if ('sync' in deed) actOnSync(deed);
    else if ('cluster' in deed) actOnCluster(deed);
    else if (deed.does === 'policy') changePolicy(deed.policy);
    else if (deed.does === 'lose-store') world.store.lose(clock.now());
    else if (deed.does !== 'nothing') weather.registryUp = deed.does === 'registry-back';
  }

  return {
    begin() {
      for (const image of plan.images) push(image, 'before', false);
      for (const place of plan.places) create(place);
    },
    act,
    mend() {
      weather.registryUp = true;
      if (trust.now() !== POLICIES[0]) changePolicy(POLICIES[0]);
      for (const cluster of clusters.values()) {
        Object.assign(cluster, { down: false, refuses: false, pausedUntil: 0 });
        cluster.wrongSpecs.clear();
      }
      for (const place of plan.places) setGlass(place, false);
      for (const image of plan.images) push(image, 'before', false);
    },
  };
}
