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
} satisfies Messages;

export default en;
