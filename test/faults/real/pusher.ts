import type { KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  openRepository,
  pushImage,
  signBundle,
  signLegacy,
} from '#infra/local/images/push-image.ts';
import { type Digest, isDigest } from '#shared/core/digest.ts';
import type { Journal } from '../journal.ts';
import type { Random } from '../random.ts';
import { type PlannedImage, TAG } from '../world.ts';
import type { History } from './history.ts';

export interface PusherDeps {
  readonly registry: string;
  readonly images: readonly PlannedImage[];
  readonly keys: { readonly release: KeyObject; readonly wrong: KeyObject };
  readonly random: Random;
  readonly history: History;
  readonly journal: Journal;
}

/** Mean time between two pushes. */
const GAP_MS = 350;
const LATE_MS = 4_000;
const MOVED_BACK = 0.12;

/** Pushes, signs and moves tags; resolves when the last signature is there. */
export async function pushAll(pushes: number, deps: PusherDeps): Promise<void> {
  const { random } = deps;
  const late: Promise<void>[] = [];
  for (let serial = 0; serial < pushes; serial += 1) {
    await sleep(random.waiting(GAP_MS));
    await pushOne(serial, random.pick(deps.images), late, deps);
  }
  await Promise.all(late);
}

async function pushOne(
  serial: number,
  image: PlannedImage,
  late: Promise<void>[],
  { registry, keys, random, history, journal }: PusherDeps,
): Promise<void> {
  const { reference } = image;
  const repository = openRepository(registry, image.repository.slice(registry.length + 1));
  journal.count('pushes');
  const moved = history.moves(reference);
  if (moved.length > 1 && random.chance(MOVED_BACK)) {
    const { top } = random.pick(moved.slice(-4));
    journal.count('tags moved back');
    history.noteMove(reference, top);
    await moveTag(registry, image, top);
    return;
  }
  const content = { file: 'a.yaml', content: `serial: ${serial}\n` };
  const pushed = await pushImage(repository, content);
  const digest = asDigest(pushed.digest);

  async function sign(key: 'release' | 'wrong'): Promise<void> {
    history.noteSignature(image.repository, digest, key);
    journal.step(`image ${reference}`, `${digest.slice(7, 15)} is signed by key ${key}`);
    const signing = { repository, image: pushed, key: keys[key] };
    await (random.chance(0.5) ? signLegacy(signing) : signBundle(signing));
  }

  const draw = random.next();
  if (draw < 0.5) await sign('release');
  history.noteMove(reference, digest);
  journal.step(`image ${reference}`, `tag moves to ${digest.slice(7, 15)}`);
  await pushImage(repository, { ...content, tag: TAG });
  if (draw >= 0.5 && draw < 0.85)
    late.push(sleep(random.waiting(LATE_MS)).then(() => sign('release')));
  if (draw >= 0.85 && draw < 0.93)
    late.push(sleep(random.waiting(LATE_MS)).then(() => sign('wrong')));
}

/** Gives the tag to an existing manifest, byte for byte. */
async function moveTag(registry: string, image: PlannedImage, to: Digest): Promise<void> {
  const base = `http://${registry}/v2/${image.repository.slice(registry.length + 1)}/manifests`;
  const found = await fetch(`${base}/${to}`, { headers: { accept: '*/*' } });
  const type = found.headers.get('content-type') ?? '';
  const body = await found.text();
  const moved = await fetch(`${base}/${TAG}`, {
    method: 'PUT',
    headers: { 'content-type': type },
    body,
  });
  if (!moved.ok) throw new Error(`Tag did not move: ${await moved.text()}`);
}

function asDigest(text: string): Digest {
  if (!isDigest(text)) throw new Error(`Not a digest: ${text}`);
  return text;
}
