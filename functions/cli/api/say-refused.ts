import * as z from 'zod';

/** A token that the API did not take. */
export interface RefusedToken {
  /** Absent: none was sent. */
  readonly sent: string | undefined;
  /** Where it came from, or why there was none. */
  readonly origin: string;
  readonly now: Date;
}

/** Why a token is not taken, and what would help. */
export function sayRefused(detail: string, { sent, origin, now }: RefusedToken): string {
  if (sent === undefined) {
    return `${detail}. ${origin}: set COUNTERSIGN_TOKEN, or give --token-command (COUNTERSIGN_TOKEN_COMMAND)`;
  }
  const ended = endOf(sent);
  if (ended !== undefined && ended < now.getTime()) {
    const at = new Date(ended).toISOString();
    return `${detail}. ${origin}, and expired at ${at}: get another one, or give --token-command, which is run again when needed`;
  }
  return `${detail}. ${origin}`;
}

/** Further than any token lasts, and no further than a date goes. */
const MAX_SECONDS = 4_102_444_800;

const Claims = z.looseObject({ exp: z.number().max(MAX_SECONDS) });

/** When a token expires, in milliseconds; undefined where it does not say. */
function endOf(token: string): number | undefined {
  const [, claims = ''] = token.split('.');
  try {
    const { data } = Claims.safeParse(JSON.parse(Buffer.from(claims, 'base64url').toString()));
    return data && data.exp * 1_000;
  } catch {
    return undefined;
  }
}
