import type { List } from './list';

const GCM = 'AES-GCM';

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/** The key of a device's list: it opens, and can neither be read nor exported. */
export function listKey(base64: string): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', fromBase64(base64), GCM, false, ['decrypt']);
}

/** A key of this device's own, for what it writes itself. */
export function ownKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: GCM, length: 256 }, false, ['encrypt', 'decrypt']);
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** A list as the server sealed it, opened. Throws when key, device or conference is another. */
export async function openList(
  key: CryptoKey,
  conference: string,
  device: string,
  sealed: { nonce: Uint8Array<ArrayBuffer>; sealed: Uint8Array<ArrayBuffer> },
): Promise<List> {
  const additionalData = bytes(`${conference}\0${device}`);
  const plain = await crypto.subtle.decrypt({ name: GCM, iv: sealed.nonce, additionalData }, key, sealed.sealed);
  return JSON.parse(new TextDecoder().decode(plain)) as List;
}

/** Seals a value with the device's own key. */
export async function seal(key: CryptoKey, value: unknown): Promise<{ nonce: Uint8Array<ArrayBuffer>; sealed: Uint8Array<ArrayBuffer> }> {
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: GCM, iv: nonce }, key, bytes(JSON.stringify(value)));
  return { nonce, sealed: new Uint8Array(sealed) };
}

export async function unseal<T>(key: CryptoKey, from: { nonce: Uint8Array<ArrayBuffer>; sealed: Uint8Array<ArrayBuffer> }): Promise<T> {
  const plain = await crypto.subtle.decrypt({ name: GCM, iv: from.nonce }, key, from.sealed);
  return JSON.parse(new TextDecoder().decode(plain)) as T;
}
