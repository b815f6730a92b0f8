/** Where work belongs in a distributed trace. */
export interface Trace {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  readonly sampled: boolean;
}

/** Names and digests of things, counts and codes: never a token, a header or a body. */
export type SpanAttributes = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

export interface Span {
  set(attributes: SpanAttributes): void;
}

export interface SpanOptions {
  /** `consumer` and `producer` are the two ends of a message; `server` answers a request. */
  readonly kind?: 'internal' | 'consumer' | 'producer' | 'server';
  readonly attributes?: SpanAttributes;
  /** Another trace that this work is part of as well: of the request that brought a message. */
  readonly link?: Trace | undefined;
}

/** Records what belongs together, and where the time went. The work is done as it is, recorded or not. */
export interface Tracing {
  /** What belongs to this point of the program: put on log lines, and on messages that go out. */
  current(): Trace | undefined;
  /** Runs `work` as part of a trace that another program began; without one, where it is. */
  within<Result>(trace: Trace | undefined, work: () => Promise<Result>): Promise<Result>;
  /** Runs `work` as a step of its own. What it throws is recorded and thrown on. */
  span<Result>(
    name: string,
    options: SpanOptions,
    work: (span: Span) => Promise<Result>,
  ): Promise<Result>;
}

/** A span that is recorded nowhere. */
export const NO_SPAN: Span = { set: () => undefined };

/** Traces nothing. */
export const noTracing: Tracing = {
  current: () => undefined,
  within: (_trace, work) => work(),
  span: (_name, _options, work) => work(NO_SPAN),
};
