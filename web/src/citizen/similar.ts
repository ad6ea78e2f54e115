import type { Likeness, Question } from '../wire/wire.gen';

/** At least so many telling syllables have to be typed before anything is compared. */
const LEAST_SYLLABLES = 3;
/** How much of the two texts has to be common, 0–1; chosen on the pairs of the test. */
const ALIKE = 0.4;

/** Syllables that hold a sentence together and tell nothing about what is asked. */
const hollow = new Set(
  (
    'a ai anh bao bi cac cach cai can cho chua chung co con cua cung da dang de den di do duoc em ' +
    'gi gio hay hien hoi khi khong kinh la lai lam lau lay len luc ma may minh moi mot muon nao nay ' +
    'neu ngay nhieu nhu nhung nhan o ong ba phai qua ra rang roi sao sau se tai theo the thi ' +
    'toi tren trong truoc tu tuoi va van ve vi viec voi vay xin xa'
  ).split(' '),
);

/** Text as people type it in a hurry: lower case, without tone marks, đ as d, words only. */
export function fold(text: string): string {
  return text
    .toLowerCase()
    .replaceAll('đ', 'd')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** What a text is compared by: its telling syllables, and each two that stand together. */
export function features(text: string): Set<string> {
  const found = new Set<string>();
  let before = '';
  for (const syllable of fold(text).split(' ')) {
    if (syllable !== '' && !hollow.has(syllable)) {
      found.add(syllable);
      if (before) found.add(`${before} ${syllable}`);
      before = syllable;
    } else {
      before = '';
    }
  }
  return found;
}

/** Questions are replaced whole when they change, so what was counted stays true. */
const counted = new WeakMap<Question, Set<string>>();

function featuresOf(question: Question): Set<string> {
  let known = counted.get(question);
  if (!known) {
    known = features(question.text);
    counted.set(question, known);
  }
  return known;
}

/** Whether a text says enough to be compared. */
export function telling(text: string): boolean {
  return [...features(text)].filter((feature) => !feature.includes(' ')).length >= LEAST_SYLLABLES;
}

/** What the server's index told about a text. */
export interface Told {
  readonly text: string;
  readonly likes: readonly Likeness[];
}

/** The questions the server found alike that are in view; undefined: it has not told of this text. */
export function toldOf(text: string, told: Told | null, questions: ReadonlyMap<string, Question>, most = 3): Question[] | undefined {
  if (told?.text !== text) return undefined;
  return told.likes.map(({ id }) => questions.get(id)).filter((question) => question !== undefined).slice(0, most);
}

/**
 * The questions that ask nearly the same as the text, the most alike first. What is rare
 * among the questions counts more than what many have. Nothing is asked of the server: it
 * is for when that cannot be reached.
 */
export function similarTo(text: string, questions: Iterable<Question>, most = 3): Question[] {
  if (!telling(text)) return [];
  const asked = features(text);
  const all = [...questions].map((question) => ({ question, has: featuresOf(question) }));
  const holders = new Map<string, number>();
  for (const { has } of all) for (const feature of has) holders.set(feature, (holders.get(feature) ?? 0) + 1);
  const weight = (feature: string) => Math.log(2 + all.length / (1 + (holders.get(feature) ?? 0)));
  const sum = (set: Iterable<string>) => {
    let total = 0;
    for (const feature of set) total += weight(feature);
    return total;
  };
  const mine = sum(asked);
  return all
    .map(({ question, has }) => {
      const common = sum([...asked].filter((feature) => has.has(feature)));
      // A long story holds a short question whole: the shorter text counts most.
      const theirs = common > 0 ? sum(has) : 1;
      const score = (0.65 * common) / Math.min(mine, theirs) + (0.35 * common) / Math.max(mine, theirs);
      return { question, score };
    })
    .filter(({ score }) => score >= ALIKE)
    .sort((a, b) => b.score - a.score)
    .slice(0, most)
    .map(({ question }) => question);
}

/** Whether the text speaks of a complaint or a denunciation; only a reason for a hint. */
export function mentionsComplaint(text: string): boolean {
  return /(^| )(khieu nai|khieu kien|to cao|don to)( |$)/.test(fold(text));
}
