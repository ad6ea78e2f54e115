import type { Messages } from './vi';

const en = {
  title: 'Hall screen',
  idle: 'Online dialogue',
  ask: 'Ask a question at',
  floor: 'Speaking now',
  soon: 'The conference begins soon',
  closed: 'The conference has ended. Thank you for taking part.',
  reconnecting: 'Reconnecting',
  from: 'A question from',
  question: 'Question',
  asker: 'Asked by',
  conclusion: 'The chair’s conclusion',
  partly: 'Answered in part',
  due: 'No later than',
  answers: (agency: string) => `${agency} answers in writing`,
} satisfies Messages;

export default en;
