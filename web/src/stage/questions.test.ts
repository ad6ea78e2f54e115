import { beforeEach, describe, expect, it } from 'vitest';
import type { Live } from '../live/live.svelte';
import { ProblemError } from '../live/problem';
import type { View } from '../live/reduce';
import { toasts } from '../ui/toasts.svelte';
import type { Question, QuestionState } from '../wire/wire.gen';
import { Acts } from './acts.svelte';
import { QuestionDesk } from './questions.svelte';

const NOW = Date.parse('2026-11-25T03:00:00Z');
const at = '2026-11-25T02:00:00Z';

function question(id: string, state: QuestionState, more: Partial<Question> = {}): Question {
  return { id, state, text: id, topic: 't', submittedAt: at, changedAt: at, ...more };
}

/** A page whose server notes what it is asked and refuses what it is told to. */
class Page {
  readonly sent: [string, unknown][] = [];
  readonly questions: Map<string, Question>;
  refuse = '';
  view: View;
  readonly desk: QuestionDesk;

  constructor(questions: Question[]) {
    this.questions = new Map(questions.map((q) => [q.id, q]));
    this.view = {
      conference: { id: 'c', title: '', state: 'open', startsAt: at, public: true, venues: [], topics: [{ id: 't', name: 't', agency: 'Sở' }] },
      questions: this.questions,
      queue: questions.filter((q) => q.state === 'queued' || q.state === 'staged').map((q) => q.id),
      onAir: questions.find((q) => q.state === 'onAir')?.id ?? '',
      floor: { main: 'm' },
      venues: new Map(),
      votes: new Map(),
      absent: new Set(),
    };
    const command = (name: string, data: unknown): Promise<object> => {
      this.sent.push([name, data]);
      if (this.refuse !== '') return Promise.reject(new ProblemError({ kind: 'invalid', code: 'x', message: this.refuse }));
      return Promise.resolve({});
    };
    const live = { socket: { command }, now: () => NOW } as unknown as Live;
    this.desk = new QuestionDesk(live, new Acts(live), () => this.view);
  }
}

const said = (): string | undefined => toasts.list.at(-1)?.text;

beforeEach(() => {
  for (const toast of toasts.list) toasts.dismiss(toast.id);
});

describe('ending the question on air', () => {
  it('asks first; confirmed at once, nothing more is needed', async () => {
    const { desk, sent } = new Page([question('q', 'onAir')]);
    await desk.do('answer');
    expect([desk.asked, desk.about?.id, sent]).toEqual(['ending', 'q', []]);
    await desk.conclude();
    expect(sent).toEqual([['question.answer', { id: 'q', none: true }]]);
    expect([desk.asked, desk.form]).toEqual(['', undefined]);
  });

  it('keeps what was filled in after Escape, and forgets it with the question', async () => {
    const page = new Page([question('q', 'onAir'), question('r', 'queued')]);
    await page.desk.do('answer');
    page.desk.form?.put({ none: false, text: 'Sở sẽ trả lời.' });
    page.desk.close();
    await page.desk.do('answer');
    expect(page.desk.form?.ending).toMatchObject({ none: false, agency: 'Sở', due: '2026-12-09', text: 'Sở sẽ trả lời.' });
    page.view = { ...page.view, onAir: 'r' };
    await page.desk.do('answer');
    expect(page.desk.form?.ending).toMatchObject({ none: true, text: '' });
  });

  it('stays open when something is missing or the server refuses, and says why in place', async () => {
    const page = new Page([question('q', 'onAir')]);
    await page.desk.do('answer');
    page.desk.form?.put({ none: false, agency: '' });
    await page.desk.conclude();
    expect([page.sent, page.desk.asked, page.desk.form?.missing]).toEqual([[], 'ending', { agency: 'none' }]);
    page.desk.form?.put({ agency: 'UBND huyện', partly: true });
    page.refuse = 'Ngày này đã qua.';
    await page.desk.conclude();
    expect(page.sent).toEqual([['question.answer', { id: 'q', agency: 'UBND huyện', due: '2026-12-09', partly: true }]]);
    expect([page.desk.asked, page.desk.form?.refused]).toEqual(['ending', 'Ngày này đã qua.']);
    expect(said()).toBeUndefined();
  });

  it('says so when nothing is on air', async () => {
    const { desk, sent } = new Page([question('q', 'queued')]);
    await desk.do('answer');
    await desk.do('recall');
    expect([desk.asked, sent]).toEqual(['', []]);
    expect(said()).toBe('Chưa có câu hỏi nào lên màn hình.');
  });
});

describe('recalling', () => {
  it('asks first', async () => {
    const { desk, sent } = new Page([question('q', 'onAir')]);
    await desk.do('recall');
    expect([desk.asked, sent]).toEqual(['recall', []]);
    await desk.recall();
    expect([desk.asked, sent]).toEqual(['', [['question.recall', { id: 'q' }]]]);
  });

  it.each([
    ['queue', [['question.queue', { id: 'r' }]]],
    ['stage', [['question.queue', { id: 'r' }], ['question.stage', { id: 'r' }]]],
    ['air', [['question.queue', { id: 'r' }], ['question.air', { id: 'r' }]]],
  ] as const)('leaves a question that can be put in order again: %s', async (action, want) => {
    const { desk, sent } = new Page([question('r', 'recalled')]);
    await desk.do('nextQuestion');
    await desk.do(action);
    expect(sent).toEqual(want);
  });
});

describe('fair next', () => {
  it('goes in front of the queue, after what is staged', async () => {
    const page = new Page([question('s', 'staged'), question('q', 'queued'), question('net', 'approved', { submittedAt: '2026-11-25T01:00:00Z' })]);
    page.view = { ...page.view, queue: ['s', 'q'] };
    await page.desk.do('fairFront');
    expect([page.sent, said()]).toEqual([[], 'Câu đến lượt đã đứng đầu.']);
    page.questions.set('q', question('q', 'queued', { venue: 'ba-vi' }));
    const venues = new Map([['ba-vi', { id: 'ba-vi', state: 'ready', connected: true, spokenMs: 5000 } as const]]);
    const conference = { ...page.view.conference, venues: [{ id: 'ba-vi', name: 'Ba Vì' }] };
    page.view = { ...page.view, venues, conference, questions: new Map(page.questions) };
    await page.desk.do('fairFront');
    expect(page.sent).toEqual([['question.queue', { id: 'net', before: 'q' }]]);
    expect(page.desk.chosen).toBe('net');
  });

  it('says so when nobody is left', async () => {
    const { desk, sent } = new Page([]);
    await desk.do('fairFront');
    expect([sent, said()]).toEqual([[], 'Chưa có câu nào của điểm cầu đang nối hay từ mạng.']);
  });
});

describe('the wording', () => {
  it('is changed before the question is on air only', async () => {
    const page = new Page([question('q', 'queued'), question('r', 'recalled')]);
    await page.desk.do('edit', 'r');
    expect([page.desk.asked, said()]).toEqual(['', 'Chỉ sửa được lời của câu đã duyệt mà chưa lên màn hình.']);
    await page.desk.do('edit', 'q');
    page.refuse = 'Dài quá.';
    await page.desk.word('Bao giờ cấp sổ?');
    expect([page.desk.asked, page.desk.refused]).toEqual(['edit', 'Dài quá.']);
    page.refuse = '';
    page.desk.close();
  });

  it('is sent, and the dialog closes', async () => {
    const page = new Page([question('q', 'staged')]);
    await page.desk.do('edit', 'q');
    await page.desk.word('Bao giờ cấp sổ?');
    expect([page.sent, page.desk.asked]).toEqual([[['question.edit', { id: 'q', short: 'Bao giờ cấp sổ?' }]], '']);
  });
});

it('a private question does not go on air', async () => {
  const { desk, sent } = new Page([question('q', 'queued', { visibility: 'private' })]);
  await desk.do('air', 'q');
  expect([sent, said()]).toEqual([[], 'Câu này không công khai nên không lên màn hình được.']);
});
