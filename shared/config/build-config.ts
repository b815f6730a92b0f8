import type { Authority, TrustPolicy } from '#shared/core/policy.ts';
import type { Config, FleetConfig, StoreConfig } from './config.ts';
import { type ConfigSource, resolveNamed } from './named-file.ts';
import { hashPolicy } from './policy-hash.ts';
import type { ConfigInput } from './schema.ts';
import type { PolicyInput } from './schema-trust.ts';

/** The config that functions take, of an input that has no problem left. */
export function buildConfig(
  input: ConfigInput,
  authorities: ReadonlyMap<string, readonly Authority[]>,
  source: ConfigSource,
): Config {
  const { registries, images, unmatched, otherSources, topics, sweep, gate, admission } = input;
  const policies = Object.entries(input.trust).map(
    ([name, policy]) => [name, buildPolicy(name, policy, authorities.get(name) ?? [])] as const,
  );
  return {
    fleet: buildFleet(input.fleet, source),
    registries,
    images,
    unmatched,
    otherSources,
    trust: Object.fromEntries(policies),
    topics,
    store: buildStore(input.store, source),
    sweep: {
      periodMs: sweep.period,
      withdrawBrake: sweep.withdrawBrake,
      pendingAfterMs: sweep.pendingAfter,
      blockedAfterMs: sweep.blockedAfter,
      deletingAfterMs: sweep.deletingAfter,
      liveAfterMs: sweep.liveAfter,
    },
    ...(gate === undefined ? {} : { gate }),
    admission: {
      mode: admission.mode,
      unchanged: admission.unchanged,
      staleForMs: admission.staleFor,
      deadlineMs: admission.deadline,
    },
    access: input.access,
  };
}

function buildPolicy(
  name: string,
  input: PolicyInput,
  authorities: readonly Authority[],
): TrustPolicy {
  const { format, signatureRepository, attestations, signatures, allowUnsigned } = input;
  const policy = {
    name,
    require: input.require ?? authorities.length,
    authorities,
    format,
    ...(signatureRepository === undefined ? {} : { signatureRepository }),
    attestations,
    // Left out where it is the default, so that policies keep the hash they had.
    ...(signatures === 'attested' ? { signatures } : {}),
    allowUnsigned,
  };
  return { ...policy, hash: hashPolicy(policy) };
}

function buildFleet(
  { gkeHub, kubeconfig }: ConfigInput['fleet'],
  source: ConfigSource,
): FleetConfig {
  if (gkeHub !== undefined) return { type: 'gkeHub', ...gkeHub };
  if (kubeconfig === undefined) throw new TypeError('The schema requires one kind of fleet');
  return { type: 'kubeconfig', ...kubeconfig, path: resolveNamed(source, kubeconfig.path) };
}

function buildStore(
  { firestore, sqlite }: ConfigInput['store'],
  source: ConfigSource,
): StoreConfig {
  if (firestore !== undefined) return { type: 'firestore', ...firestore };
  if (sqlite === undefined) throw new TypeError('The schema requires one kind of store');
  return { type: 'sqlite', path: resolveNamed(source, sqlite.path) };
}
