// A ticket's code, checked as the server does (internal/live/ticket.go): 13 digits of
// Crockford's base32 and two of a Reed–Solomon code over GF(32).

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const DIGITS = 13;

/** Multiplies over GF(32), x⁵+x²+1. */
function times(a: number, b: number): number {
  let product = 0;
  for (let left = a, right = b; right > 0; right >>= 1) {
    if (right & 1) product ^= left;
    left <<= 1;
    if (left & 32) left ^= 0b100101;
  }
  return product;
}

/** The two digits that make a Reed–Solomon word of the others. */
function check(digits: readonly number[]): [number, number] {
  let high = 0;
  let low = 0;
  for (const digit of digits) {
    const lead = digit ^ high;
    high = low ^ times(2 ^ 4, lead);
    low = times(8, lead);
  }
  return [high, low];
}

/** A code as it is shown, XXXXX-XXXXX-XXXXX, however it was typed; "" when it is none. */
export function normaliseTicket(typed: string): string {
  const pairs = typed.trim().match(/^(?:[0-2]\d|3[01]){15}$/) ? typed.match(/\d\d/g) : null;
  const digits = pairs ? pairs.map(Number) : read(typed);
  if (digits.length !== DIGITS + 2) return '';
  const [a, b] = check(digits.slice(0, DIGITS));
  if (digits[DIGITS] !== a || digits[DIGITS + 1] !== b) return '';
  return show(digits);
}

/** The digits of a code in letters; none when there is something else in it. */
function read(typed: string): number[] {
  const digits: number[] = [];
  for (const char of typed.toUpperCase()) {
    if (/[\s\-\u2010\u2011\u2013]/.test(char)) continue;
    const meant = char === 'O' ? '0' : char === 'I' || char === 'L' ? '1' : char;
    const digit = ALPHABET.indexOf(meant);
    if (digit < 0 || digits.length === DIGITS + 2) return [];
    digits.push(digit);
  }
  return digits;
}

/**
 * A code as its QR symbol has it: each of its digits as two of 00–31, thirty in all. A scanner
 * types it, and figures come through caps lock and input methods for Vietnamese unchanged.
 */
export function inFigures(code: string): string {
  return [...code.replaceAll('-', '')].map((char) => String(ALPHABET.indexOf(char)).padStart(2, '0')).join('');
}

/** The code that 13 digits (0–31) begin; for tests. */
export function ticketOf(first: readonly number[]): string {
  return show([...first, ...check(first)]);
}

function show(digits: readonly number[]): string {
  const text = digits.map((digit) => ALPHABET[digit]).join('');
  return `${text.slice(0, 5)}-${text.slice(5, 10)}-${text.slice(10)}`;
}

/**
 * The ticket in what a scanner read: the code itself, or the last part of an address that
 * leads to the ticket's page. "" when there is none.
 */
export function ticketIn(read: string): string {
  const text = read.trim();
  const whole = normaliseTicket(text);
  if (whole || !/[#/?=:]/.test(text)) return whole;
  for (const part of text.split(/[#/?&=:]/).reverse()) {
    const found = normaliseTicket(part);
    if (found) return found;
  }
  return '';
}
