// SHA-256 (FIPS 180-4), because crypto.subtle is not there on pages opened over plain
// http, and one promise for each try would be slower than the hash.

/** The round constants. */
const K = new Uint32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);

const START = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

const BLOCK = 64;
/** The end of a text: 0x80 and its length in bits. */
const TAIL = 9;

const w = new Int32Array(64);

/** Mixes the block at an offset of bytes into a state. */
function compress(state: Int32Array, bytes: DataView, offset: number): void {
  for (let i = 0; i < 16; i += 1) w[i] = bytes.getInt32(offset + 4 * i);
  for (let i = 16; i < 64; i += 1) {
    const x = w[i - 15] as number;
    const y = w[i - 2] as number;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] as number) + s0 + (w[i - 7] as number) + s1;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (K[i] as number) + (w[i] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  const out = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i += 1) state[i] = (state[i] as number) + (out[i] as number);
}

/** Hashes of one text with different endings; the whole blocks in front are hashed once. */
export class Endings {
  readonly #start: Int32Array;
  readonly #state = new Int32Array(8);
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fixed: number;
  readonly #length: number;

  /** @param text what all hashes begin with; the endings are ASCII, at most 16 characters. */
  constructor(text: string) {
    const all = new TextEncoder().encode(text);
    this.#length = all.length;
    const whole = all.length - (all.length % BLOCK);
    this.#start = Int32Array.from(START);
    const front = new DataView(all.buffer, all.byteOffset);
    for (let at = 0; at < whole; at += BLOCK) compress(this.#start, front, at);
    this.#fixed = all.length - whole;
    this.#bytes = new Uint8Array(2 * BLOCK);
    this.#bytes.set(all.subarray(whole));
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** The hash of text ‖ ending as eight words; the same array each time. */
  words(ending: string): Int32Array {
    const bytes = this.#bytes;
    let end = this.#fixed;
    for (let i = 0; i < ending.length; i += 1) bytes[end++] = ending.charCodeAt(i);
    const size = end + TAIL > BLOCK ? 2 * BLOCK : BLOCK;
    bytes.fill(0, end, size);
    bytes[end] = 0x80;
    this.#view.setUint32(size - 4, (this.#length + ending.length) * 8);
    this.#state.set(this.#start);
    for (let at = 0; at < size; at += BLOCK) compress(this.#state, this.#view, at);
    return this.#state;
  }
}

/** SHA-256 of a text in lower-case hex. */
export function sha256(text: string): string {
  return [...new Endings(text).words('')].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

/** The eight words of a hash in hex; undefined when it is none. */
export function wordsOf(hex: string): Int32Array | undefined {
  if (!/^[0-9a-f]{64}$/.test(hex)) return undefined;
  return Int32Array.from({ length: 8 }, (_, i) => Number.parseInt(hex.slice(8 * i, 8 * i + 8), 16) | 0);
}
