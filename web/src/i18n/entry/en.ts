import type { Messages } from './vi';

export default {
  body: 'In the asker’s words',
  topic: 'Topic',
  choose: 'Choose a topic',
  venue: 'Venue',
  noVenue: 'None named',
  name: 'The asker’s name',
  mayName: 'The asker agrees to be named',
  send: 'Record the question',
  needBody: 'Please write the question.',
  tooLong: (most: number) => `The question is longer than ${most} characters.`,
  needTopic: 'Please choose a topic.',
  code: 'Read this code to the asker',
  codeHint: 'With this code they see where the question stands. Ask them to repeat every character.',
  print: 'Print a slip',
  another: 'Enter another',
  slip: 'Question slip',
  follow: 'See where the question stands at',
  keep: 'Keep this code to yourself: whoever has it can read and withdraw the question.',
  counter: (used: number, most: number) => `${used} / ${most} characters`,
  optional: '(optional)',
} satisfies Messages;
