import type { KubeUser } from './schema.ts';

/** What may stand in the name of a header (RFC 9110, `token`), but for the percent sign that escapes the rest. */
const PLAIN = /^[!#$&'*+\-.0-9A-Z^_`a-z|~]$/;

/** The headers by which a user acts as another (client-go, `transport/round_trippers.go`). */
export function impersonationOf(
  user: Pick<KubeUser, 'as' | 'as-uid' | 'as-groups' | 'as-user-extra'>,
): Readonly<Record<string, string | readonly string[]>> {
  if (user.as === '') return {};
  const groups = user['as-groups'].map(toWire);
  const extra = Object.entries(user['as-user-extra'] ?? {}).filter(
    ([, values]) => values.length > 0,
  );
  return {
    'Impersonate-User': toWire(user.as),
    ...(user['as-uid'] === '' ? {} : { 'Impersonate-Uid': toWire(user['as-uid']) }),
    ...(groups.length === 0 ? {} : { 'Impersonate-Group': groups }),
    ...Object.fromEntries(
      extra.map(([key, values]) => [`Impersonate-Extra-${escape(key)}`, values.map(toWire)]),
    ),
  };
}

/** As bytes of UTF-8, which Node takes for Latin-1. */
function toWire(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}

function escape(key: string): string {
  return [...Buffer.from(key, 'utf8')]
    .map((byte) => {
      const letter = String.fromCharCode(byte);
      return PLAIN.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
