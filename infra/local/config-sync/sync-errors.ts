import { KubeError } from './kube-client.ts';
import { type SyncKind, IMAGE_TO_SYNC, type SyncError } from './rsync.ts';

const HELP = 'https://g.co/cloud/acm-errors#knv';

/** The source could not be pulled: KNV2004, and no commit beside it. */
export function pullError(container: string, why: string): SyncError {
  return knv('2004', `error in the ${container} container: ${why}`);
}

/** The source has no such `dir`: KNV2004 too. */
export function dirError(dir: string): SyncError {
  return knv('2004', `failed to evaluate the config directory "${dir}": no such file or directory`);
}

/**
 * The annotation could not be written, for whatever reason: KNV2002, or KNV2013 where the answer was 403. The digest
 * is in the text only where the API server's message has it.
 */
export function annotationError(kind: SyncKind, cause: unknown): SyncError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const what = `failed to patch ${kind} annotation: ${IMAGE_TO_SYNC}`;
  const forbidden = cause instanceof KubeError && cause.code === 403;
  return forbidden
    ? knv('2013', `${what}: insufficient permission: ${why}`)
    : knv('2002', `${what}: APIServer error: ${why}`);
}

/** The source is for Kustomize, and Kustomize fails: KNV1068. */
export function renderError(why: string): SyncError {
  return knv('1068', `failed to run kustomize build: ${why}`);
}

/** The pod has, or lacks, the container that renders, and is about to be replaced: KNV2016. */
export function renderingMismatch(needed: boolean): SyncError {
  const why = needed
    ? 'sync source contains dry configs and hydration-controller is not running'
    : 'sync source contains only wet configs and hydration-controller is running';
  return knv('2016', `transient error: ${why}`);
}

/** One object of the source could not be applied, KNV2010, or may not be, KNV1069. */
export function declaredError(code: '1069' | '2010', sourcePath: string, why: string): SyncError {
  const error = knv(code, `unable to apply resource from ${sourcePath}: ${why}`);
  return { ...error, errorResources: [{ sourcePath }] };
}

// The code stands bare in its field, and with its prefix in the message.
function knv(code: string, text: string): SyncError {
  const errorMessage = `KNV${code}: ${text}\n\nFor more information, see ${HELP}${code}`;
  return { code, errorMessage };
}
