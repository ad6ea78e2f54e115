import type { Role } from '../wire/wire.gen';

/** Who a link is for, as far as its (unchecked) text tells. */
export interface LinkGrant {
  conference: string;
  role: Role;
  venue: string;
  person: string;
  expires: string;
  demo: boolean;
}

/** Where each role works. */
export const rolePaths: Partial<Record<Role, string>> = {
  venue: '/venue',
  moderator: '/moderate',
  stage: '/stage',
  screen: '/screen',
  registrar: '/desk',
  official: '/answer',
  admin: '/admin',
};

/** The value of a key in a fragment like "#t=TOKEN&v=ba-dinh"; "" when absent. */
export function fragment(hash: string, key: string): string {
  return new URLSearchParams(hash.replace(/^#/, '')).get(key) ?? '';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/**
 * Reads whom a token is for, to show it before it is redeemed. The server alone checks the
 * signature. Null when the text is no token.
 */
export function readToken(token: string): LinkGrant | null {
  const [payload = ''] = token.split('.');
  try {
    const bytes = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    const json = new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)));
    const grant = JSON.parse(json) as Record<string, unknown>;
    const role = text(grant['r']) as Role;
    if (!rolePaths[role]) return null;
    return {
      conference: text(grant['c']),
      role,
      venue: text(grant['v']),
      person: text(grant['n']),
      expires: text(grant['e']),
      demo: text(grant['d']) !== '',
    };
  } catch {
    return null;
  }
}
