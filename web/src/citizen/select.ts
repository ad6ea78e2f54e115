import type { Question } from '../wire/wire.gen';

/** What the list shows: "" stands for all. */
export interface Filter {
  topic: string;
  venue: string;
}

const rank: Partial<Record<Question['state'], number>> = { onAir: 0, staged: 1, queued: 2 };

/**
 * The questions of the public list: on air first, then in running order, then the rest,
 * newest first.
 */
export function publicList(
  questions: Iterable<Question>,
  queue: readonly string[],
  filter: Filter,
): Question[] {
  const place = new Map(queue.map((id, index) => [id, index]));
  return [...questions]
    .filter(
      (question) =>
        (filter.topic === '' || question.topic === filter.topic) &&
        (filter.venue === '' || question.venue === filter.venue),
    )
    .sort(
      (a, b) =>
        (rank[a.state] ?? 3) - (rank[b.state] ?? 3) ||
        (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0) ||
        Date.parse(b.submittedAt) - Date.parse(a.submittedAt),
    );
}
