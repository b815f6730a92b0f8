import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// What the local world reads beside its own modules. What is packed has the texts in place of this file
// (`infra/build/cli/bundle-command.ts`).

/** The messages and services of Pub/Sub, as Google's own client carries them: JSON of protobuf.js. */
export function readProtos(): string {
  const path = '@google-cloud/pubsub/build/protos/protos.json';
  return readFileSync(createRequire(import.meta.url).resolve(path), 'utf8');
}

/** A CustomResourceDefinition of Config Sync's, as YAML. */
export function readCrdText(plural: string): string {
  const folder = join(import.meta.dirname, '..', 'kubernetes', 'crds');
  return readFileSync(join(folder, `${plural}.yaml`), 'utf8');
}

/** The role of Countersign in a cluster, as YAML. */
export function readRoleText(): string {
  return readFileSync(join(import.meta.dirname, '../kubernetes/rbac/base/role.yaml'), 'utf8');
}
