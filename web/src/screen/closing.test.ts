import { describe, expect, it } from 'vitest';
import type { View } from '../live/reduce';
import type { Conclusion, Question, QuestionState } from '../wire/wire.gen';
import { CLOSING_MS, closing } from './closing';

const T0 = Date.parse('2026-11-25T03:00:00Z');
const iso = (ms: number): string => new Date(T0 + ms).toISOString();
const owed = (ms = 0): Conclusion => ({ agency: 'Sở', due: '2026-12-09', at: iso(ms) });

function question(id: string, state: QuestionState, conclusion?: Conclusion): Question {
  const answeredAt = conclusion ? { answeredAt: conclusion.at, conclusion } : {};
  return { id, state, text: id, submittedAt: iso(-9000), changedAt: iso(0), ...answeredAt };
}

function view(questions: Question[], onAir = ''): View {
  return {
    conference: { id: 'c', title: '', state: 'open', startsAt: '', public: true, venues: [], topics: [] },
    questions: new Map(questions.map((q) => [q.id, q])),
    queue: [],
    onAir,
    floor: { main: 'm' },
    venues: new Map(),
    votes: new Map(),
    absent: new Set(),
  };
}

describe('closing', () => {
  it('shows who owes what by when, for its time', () => {
    const seen = view([question('q', 'answered', owed())]);
    expect(closing(seen, T0)).toMatchObject({ question: { id: 'q' }, agency: 'Sở', due: '2026-12-09', leftMs: CLOSING_MS });
    expect(closing(seen, T0 + 5000)?.leftMs).toBe(CLOSING_MS - 5000);
    expect(closing(seen, T0 + CLOSING_MS)).toBeUndefined();
  });

  it('shows it of a question answered in part', () => {
    expect(closing(view([question('q', 'partAnswered', owed())]), T0)?.question.id).toBe('q');
  });

  it('gives way to the next question at once', () => {
    expect(closing(view([question('q', 'answered', owed()), question('n', 'onAir')], 'n'), T0)).toBeUndefined();
  });

  it('shows nothing when nothing is owed, also not what was concluded before', () => {
    const none = question('q', 'answered', { none: true, at: iso(1000) });
    expect(closing(view([question('before', 'answered', owed(0)), none]), T0 + 2000)).toBeUndefined();
    expect(closing(view([question('r', 'recalled')]), T0)).toBeUndefined();
    expect(closing(view([question('old', 'answered')]), T0)).toBeUndefined();
  });

  it('does not last longer when the clock of the screen is behind', () => {
    expect(closing(view([question('q', 'answered', owed(3000))]), T0)?.leftMs).toBe(CLOSING_MS);
  });
});
