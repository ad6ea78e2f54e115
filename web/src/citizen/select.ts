import type { Question } from '../wire/wire.gen';

/** order: on air, the running order, what waits, what was answered. */
export type Sort = 'order' | 'votes' | 'newest';

/** What the list shows, and in which order: "" stands for all. */
export interface Choice {
  topic: string;
  venue: string;
  sort: Sort;
  followed: (id: string) => boolean;
  votes: (id: string) => number;
}

const rank: Partial<Record<Question['state'], number>> = { onAir: 0, staged: 1, queued: 2, approved: 3, recalled: 3 };
const LAST = 4;

/** The questions of the public list: those that are followed first, then as chosen. */
export function publicList(questions: Iterable<Question>, queue: readonly string[], choice: Choice): Question[] {
  const { topic, venue, sort, followed, votes } = choice;
  const place = new Map(queue.map((id, index) => [id, index]));
  const newest = (a: Question, b: Question) => Date.parse(b.submittedAt) - Date.parse(a.submittedAt);
  const order = {
    order: (a: Question, b: Question) =>
      (rank[a.state] ?? LAST) - (rank[b.state] ?? LAST) || (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0),
    votes: (a: Question, b: Question) => votes(b.id) - votes(a.id),
    newest,
  }[sort];
  return [...questions]
    .filter((question) => (topic === '' || question.topic === topic) && (venue === '' || question.venue === venue))
    .sort((a, b) => Number(followed(b.id)) - Number(followed(a.id)) || order(a, b) || newest(a, b));
}
