import type { Messages } from './vi';

export default {
  title: 'Registration desk',
  enter: 'Enter a question for a citizen',
  intro: 'Type the asker’s own words, read them back, then record them. Print the slip with the code and give it to them.',
  closed: 'The conference is over; no more questions are taken.',
  frozen: 'The organisers are not taking questions from the desk for now.',
  entered: (count: number) => (count === 1 ? '1 question entered from this page' : `${count} questions entered from this page`),
} satisfies Messages;
