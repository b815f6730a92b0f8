/** What `protos.json` of Google's clients consists of: namespaces, services, messages and enums, each with a name. */
export interface Protos {
  readonly nested?: Readonly<Record<string, Protos>>;
  readonly fields?: Readonly<Record<string, { readonly type: string }>>;
  readonly methods?: Readonly<Record<string, Method>>;
}

interface Method {
  readonly requestType: string;
  readonly responseType: string;
}

/**
 * The part of `protos` that calls of these methods need: their services with no other method, and the messages that they
 * lead to. A client builds all that it is given before its first call.
 *
 * @example
 * protosOf(JSON.parse(await readFile('protos.json', 'utf8')), ['Publish']);
 */
export function protosOf(protos: Protos, methods: readonly string[]): Protos {
  const all = [...childrenOf(protos)];
  const called = all.flatMap(([, { methods: of = {} }]) =>
    Object.entries(of).flatMap(([name, method]) => (methods.includes(name) ? [method] : [])),
  );
  // Of a name its last part: one that stands for two messages keeps both.
  const names = new Set(
    called.flatMap(({ requestType, responseType }) => [lastOf(requestType), lastOf(responseType)]),
  );
  // A set that grows while it is iterated visits what was added.
  for (const wanted of names) {
    for (const [name, child] of all) {
      if (name === wanted) for (const type of typesIn(child)) names.add(lastOf(type));
    }
  }

  function pick(from: Protos): Protos {
    const kept = Object.entries(from.nested ?? {}).flatMap(([name, child]): [string, Protos][] => {
      if (child.methods !== undefined) {
        const used = Object.entries(child.methods).filter(([method]) => methods.includes(method));
        return used.length === 0 ? [] : [[name, { ...child, methods: Object.fromEntries(used) }]];
      }
      if (names.has(name)) return [[name, child]];
      const inside = child.fields === undefined ? pick(child) : {};
      return inside.nested === undefined ? [] : [[name, inside]];
    });
    const { nested: _, ...rest } = from;
    return kept.length === 0 ? rest : { ...rest, nested: Object.fromEntries(kept) };
  }
  return pick(protos);
}

/** Everything with a name, at any depth. */
function* childrenOf({ nested = {} }: Protos): Generator<[string, Protos]> {
  for (const [name, child] of Object.entries(nested)) {
    yield [name, child];
    yield* childrenOf(child);
  }
}

/** The types of a message's fields, and of those of messages inside it. */
function typesIn(message: Protos): string[] {
  const all = [message, ...[...childrenOf(message)].map(([, child]) => child)];
  return all.flatMap(({ fields = {} }) => Object.values(fields).map(({ type }) => type));
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
