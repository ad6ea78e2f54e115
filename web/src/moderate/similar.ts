import type { Likeness, Question } from '../wire/wire.gen';
import { standsFor } from './allowed';

/** A question that may stand for another; score 0…1 tells how much of the words they share. */
export interface Likely {
  readonly question: Question;
  readonly score: number;
}

/** Text without tone marks, case and signs: "Hoà, ĐẤT" is "hoa dat". */
export function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replaceAll('đ', 'd')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** What sharing the topic adds to a score, and the score from which a question is listed. */
const SAME_TOPIC = 0.02;
const WORTH_LISTING = 0.15;

interface Features {
  readonly folded: string;
  /** Words and pairs of neighbours; pairs tell Vietnamese words, which are of two syllables. */
  readonly grams: ReadonlySet<string>;
}

// Questions are replaced, never changed: each is folded once.
const known = new WeakMap<Question, Features>();

function featuresOf(question: Question): Features {
  const before = known.get(question);
  if (before) return before;
  const folded = fold(question.text);
  const words = folded.split(' ');
  const grams = new Set(words);
  for (let i = 1; i < words.length; i++) grams.add(`${words[i - 1] ?? ''} ${words[i] ?? ''}`);
  const features = { folded, grams };
  known.set(question, features);
  return features;
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [few, many] = a.size < b.size ? [a, b] : [b, a];
  let shared = 0;
  for (const gram of few) if (many.has(gram)) shared += 1;
  return (2 * shared) / (a.size + b.size || 1);
}

/**
 * The questions that may stand for one, the likeliest first. What is searched for must be
 * in each, tone marks or not; without a search only those are listed that share words or
 * that the server told to be like it.
 */
export function likely(of: Question, questions: Iterable<Question>, search: string, most: number, told: readonly Likeness[] = []): Likely[] {
  const wanted = fold(search).split(' ').filter(Boolean);
  const own = featuresOf(of);
  const percents = new Map(told.map(({ id, percent }) => [id, percent]));
  const found: Likely[] = [];
  for (const question of questions) {
    if (question.id === of.id || !standsFor(question)) continue;
    const features = featuresOf(question);
    if (!wanted.every((word) => features.folded.includes(word))) continue;
    const shared = overlap(own.grams, features.grams) + (question.topic === of.topic ? SAME_TOPIC : 0);
    const score = Math.min(1, Math.max(shared, (percents.get(question.id) ?? 0) / 100));
    if (wanted.length > 0 || score >= WORTH_LISTING) found.push({ question, score });
  }
  found.sort((a, b) => b.score - a.score);
  return found.slice(0, most);
}
