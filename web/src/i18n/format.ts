import { language } from './language.svelte';

// Intl objects are slow to make: one per language and use.
const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language.code}.${name}`;
  const known = cache.get(key);
  if (known) return known;
  const locale = language.code === 'vi' ? 'vi-VN' : 'en-GB';
  const made = new Intl.DateTimeFormat(locale, { timeZone: 'Asia/Ho_Chi_Minh', ...options });
  cache.set(key, made);
  return made;
}

function parse(instant: string | undefined): Date | null {
  if (!instant) return null;
  const date = new Date(instant);
  // Go's zero time is year 1: nothing to show.
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1971 ? null : date;
}

/** "14:05" in Hanoi; "" for an empty or zero instant. */
export function clock(instant: string | undefined): string {
  const date = parse(instant);
  return date ? formatter('clock', { hour: '2-digit', minute: '2-digit' }).format(date) : '';
}

/** "14:05, 28/10/2022" in Hanoi. */
export function moment(instant: string | undefined): string {
  const date = parse(instant);
  if (!date) return '';
  return `${clock(instant)}, ${day(instant)}`;
}

/** "28/10/2022" in Hanoi. */
export function day(instant: string | undefined): string {
  const date = parse(instant);
  if (!date) return '';
  return formatter('day', { day: '2-digit', month: '2-digit', year: 'numeric' }).format(date);
}

/** "Thứ Sáu, 28 tháng 10, 2022" in Hanoi. */
export function longDay(instant: string | undefined): string {
  const date = parse(instant);
  if (!date) return '';
  const options: Intl.DateTimeFormatOptions = {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
  };
  return formatter('longDay', options).format(date);
}

/** "3:07" or "1:02:07"; never negative. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** Milliseconds from the instant to now. */
export function since(instant: string | undefined, now: number): number {
  const date = parse(instant);
  return date ? Math.max(0, now - date.getTime()) : 0;
}

/** "950 MB" or "1,4 GB"; what is less than a megabyte is "1 MB". */
export function fileSize(bytes: number): string {
  const giga = bytes >= 1e9;
  const locale = language.code === 'vi' ? 'vi-VN' : 'en-GB';
  const amount = Math.max(giga ? bytes / 1e9 : bytes / 1e6, 1);
  return `${amount.toLocaleString(locale, { maximumFractionDigits: giga ? 1 : 0 })} ${giga ? 'GB' : 'MB'}`;
}
