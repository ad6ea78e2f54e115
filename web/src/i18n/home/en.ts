import type { Messages } from './vi';

const en = {
  title: 'The city’s leaders and its people, in dialogue online',
  lead: 'Watch live, ask a question and follow its answer, from anywhere, without an account.',
  running: 'Running now',
  coming: 'Coming up',
  past: 'Ended',
  empty: 'No conference has been announced yet',
  emptyText: 'It will be listed here once it is scheduled.',
  venues: (count: number) => (count === 1 ? '1 venue' : `${count} venues`),
  open: 'Watch and ask',
  see: 'See the programme and prepare a question',
  seePast: 'See the questions',
  register: 'Register',
  ticket: 'See a ticket by its code',
  code: {
    title: 'Follow a question',
    label: 'Tracking code',
    hint: 'Letters and digits, given to you when you asked.',
    submit: 'Look up',
    missing: 'Please enter the tracking code.',
  },
} satisfies Messages;

export default en;
