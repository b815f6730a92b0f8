import type { Values } from './convert.ts';

/** Google said no. */
export class Refused extends Error {
  readonly status: number;
  /** A service that was made, and whose revision does not start. */
  readonly made: Values | undefined;
  constructor(status: number, message: string, made?: Values) {
    super(message);
    this.status = status;
    this.made = made;
  }
}

/** Where the emulated Google is; undefined: resources are only mocked. The provider is its own process: from env. */
const GOOGLE = process.env['COUNTERSIGN_EMULATED_GOOGLE'];
/** Whom Terraform applies as. */
const TOKEN = process.env['COUNTERSIGN_EMULATED_TOKEN'] ?? '';

/** `{name}` by the value, encoded as a path unless it is one by itself. */
export function fill(template: string, values: Values): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(values[name]);
    return /^(?:projects|folders)\//.test(value) ? value : encodeURIComponent(value);
  });
}

/** One call, `pubsub/v1/…`; what an operation comes to, where the answer is one. Throws `Refused`. */
export async function send(verb: string, url: string, body?: unknown): Promise<Values> {
  const [host = '', ...path] = url.split('/');
  if (GOOGLE === undefined) throw new Error('There is no Google to send this to');
  const response = await fetch(`${GOOGLE}/${host}.googleapis.com/${path.join('/')}`, {
    method: verb,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const answer: Values = Object(await response.json());
  if (!response.ok) throw new Refused(response.status, messageOf(answer));
  if (answer['done'] !== true) return answer;
  const result: Values = Object(answer['response']);
  if (answer['error'] === undefined) return result;
  throw new Refused(200, messageOf(answer), Object(answer['metadata']));
}

function messageOf(answer: Values): string {
  const { message = '' } = Object(answer['error']);
  return String(message);
}

let last = Promise.resolve();

/** One after the other: policies are read, changed and written. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const done = last.then(work);
  last = done.then(
    () => undefined,
    () => undefined,
  );
  return done;
}
