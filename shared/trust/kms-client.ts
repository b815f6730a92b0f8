import * as z from 'zod';

import { CountersignError, toFailure } from '#shared/core/errors.ts';

import { crc32c } from './crc32c.ts';

export interface KmsClientDeps {
  readonly fetch: typeof fetch;
  /** An access token of our own Google identity. */
  readonly googleToken: () => Promise<string>;
}

/** What Cloud KMS says of a key version. */
export interface KmsPublicKey {
  readonly pem: string;
  readonly algorithm: string;
}

/** The token goes here and nowhere else (DESIGN section 2, law 9). */
const ENDPOINT = 'https://cloudkms.googleapis.com/v1/';
/** As the config room lets through; checked here too, for it goes into a URL. */
const URI =
  /^gcpkms:\/\/(projects\/[a-z0-9.:-]+\/locations\/[a-z0-9-]+\/keyRings\/[\w-]+\/cryptoKeys\/[\w-]+\/cryptoKeyVersions\/[0-9]+)$/;
const TIMEOUT_MS = 5_000;
/** An RSA key of 4096 bits is 800 characters of PEM. */
const MAX_ANSWER_BYTES = 64 * 1024;
const STATE = /\b(?:DISABLED|DESTROYED|DESTROY_SCHEDULED|PENDING_GENERATION|PENDING_IMPORT)\b/;

/** Cloud KMS v1, PublicKey. Its checksum is an int64, so JSON has it as text. */
const answerSchema = z.object({
  pem: z.string(),
  algorithm: z.string(),
  pemCrc32c: z.string(),
  name: z.string(),
});

/**
 * Reads the public key of the version that `uri` names, its checksum and name verified (google-cloud.md section 7).
 * Throws `key-unavailable`; a retry is said to help where it may.
 */
export async function fetchKmsKey(
  uri: string,
  owner: string,
  { fetch, googleToken }: KmsClientDeps,
): Promise<KmsPublicKey> {
  const name = URI.exec(uri)?.[1];
  if (name === undefined) {
    throw unavailable(owner, 'is no gcpkms:// URI of a key version: write …/cryptoKeyVersions/1', {
      retry: false,
    });
  }
  const token = await attempt(owner, 'no Google token could be had', googleToken);
  const { status, text } = await attempt(owner, 'Cloud KMS did not answer', async () => {
    const headers = { authorization: `Bearer ${token}` };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const url = `${ENDPOINT}${name}/publicKey`;
    const answer = await fetch(url, { headers, signal, redirect: 'error' });
    return { status: answer.status, text: await readText(answer) };
  });
  if (status !== 200) throw refusalOf(status, text, owner);
  return readAnswer(text, name, owner);
}

function readAnswer(text: string, name: string, owner: string): KmsPublicKey {
  const answer = parse(text);
  if (answer === undefined) throw unavailable(owner, 'came from Cloud KMS in an unknown form');
  if (answer.name !== name) throw unavailable(owner, 'came from Cloud KMS under another name');
  if (answer.pemCrc32c !== String(crc32c(Buffer.from(answer.pem)))) {
    throw unavailable(
      owner,
      'came from Cloud KMS with another checksum: it was altered on the way',
    );
  }
  return { pem: answer.pem, algorithm: answer.algorithm };
}

function parse(text: string): z.infer<typeof answerSchema> | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

async function attempt<T>(owner: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { retry } = toFailure(cause);
    throw unavailable(owner, `cannot be read: ${what}`, { cause, retry });
  }
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error(`Answer has more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** AIP-193: 400 with FAILED_PRECONDITION is what a version that is not enabled answers. */
function refusalOf(status: number, text: string, owner: string): CountersignError {
  if (status === 403 || status === 401) {
    const fix = 'grant roles/cloudkms.publicKeyViewer on it';
    return unavailable(owner, `may not be read (${status}): ${fix}`, { retry: false });
  }
  if (status === 404) {
    const fix = 'name a version that exists';
    return unavailable(owner, `is not in Cloud KMS (404): ${fix}`, { retry: false });
  }
  if (status === 400) {
    const [state = 'not enabled'] = STATE.exec(text) ?? [];
    const fix = 'enable the version, or name another';
    return unavailable(owner, `is ${state} in Cloud KMS: ${fix}`, { retry: false });
  }
  return unavailable(owner, `cannot be read: Cloud KMS answered ${status}`);
}

function unavailable(
  owner: string,
  problem: string,
  options: { cause?: unknown; retry?: boolean } = {},
): CountersignError {
  return new CountersignError('key-unavailable', `Key of authority "${owner}" ${problem}`, options);
}
