import type { Tokens } from './tokens.ts';

/** A request to one of Google's hosts. */
export interface Request {
  /** `pubsub.googleapis.com`. */
  readonly host: string;
  readonly verb: string;
  /** Still encoded, without a query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** IAM member that the token is of; undefined: no token, or that of no member. */
  readonly member: string | undefined;
  readonly body: unknown;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** A request that a method was found for, and that is permitted. */
export interface Call extends Request {
  /** `pubsub.projects.topics.create`. */
  readonly method: string;
  readonly api: string;
  /** `projects/p/topics/t`, or what it is made in. */
  readonly name: string;
  readonly member: string;
}

export type Fields = Readonly<Record<string, unknown>>;

/** What can go wrong half-way. */
export interface Weather {
  /** Milliseconds until a binding holds, for all but the owner. */
  bindingDelayMs: number;
  /** Milliseconds until Cloud Monitoring knows a log-based metric. */
  metricDelayMs: number;
  /** Revisions of these services do not start. */
  readonly failing: Set<string>;
  /** `MEMBER PERMISSION`, or `MEMBER PERMISSION RESOURCE`: refused, whatever is granted. */
  readonly withheld: Set<string>;
  /** Google's own accounts, and workload identity pools, that are not there yet: binding them is refused. */
  readonly missingAgents: Set<string>;
  /** Pub/Sub's agent has only the roles that it is granted: projects that enabled it before April 2021. */
  oldProject: boolean;
}

export interface ControlDeps {
  readonly now: () => number;
  readonly weather: Weather;
  readonly tokens: Tokens;
  readonly permit: (member: string, method: string, permission: string, on: string) => boolean;
}

/** An error as Google writes it. */
export function refusal(code: number, status: string, message: string): Reply {
  return { status: code, body: { error: { code, status, message } } };
}

export function ok(body: unknown): Reply {
  return { status: 200, body };
}

/** One that is done. */
export function operation(response: unknown): Reply {
  return ok({ name: 'operations/1', done: true, response });
}
