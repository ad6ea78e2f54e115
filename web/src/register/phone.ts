/**
 * A telephone number as the server keeps it, "+84…" of a Vietnamese one; "" when it is none.
 * The rules are those of the server: spaces, dots, dashes and brackets, +84, 0084 and a
 * missing leading zero are understood.
 */
export function e164(typed: string): string {
  const text = typed.trim();
  if (!/^\+?[\d .\-()\u00a0]*$/.test(text)) return '';
  let plus = text.startsWith('+');
  let number = text.replace(/\D/g, '');
  if (!plus && number.startsWith('00')) {
    plus = true;
    number = number.slice(2);
  }
  const { length } = number;
  if (number.startsWith('84') && (plus || length > 10) && (length === 11 || length === 12)) return `+${number}`;
  if (plus) return length >= 8 && length <= 15 && !number.startsWith('0') ? `+${number}` : '';
  if (length === 9 && /^[35789]/.test(number)) return `+84${number}`;
  return (length === 10 || length === 11) && number.startsWith('0') ? `+84${number.slice(1)}` : '';
}
