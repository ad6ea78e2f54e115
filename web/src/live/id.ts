/**
 * 128 random bits as 22 characters of base64url: the id of a command or an idempotency
 * key. getRandomValues, unlike randomUUID, also works on pages opened over plain http.
 */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
