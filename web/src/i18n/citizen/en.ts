import type { Messages } from './vi';

const en = {
  agenda: 'Agenda',
  register: 'Register',
  unknown: {
    wrongLink: 'Please check the link, or choose the conference on the front page.',
    all: 'See the conferences',
  },
  watch: {
    title: 'Live picture',
    play: 'Watch live',
    note: 'The picture is loaded only when you press play.',
    planned: (when: string) => `Starts at ${when}`,
    closed: 'The conference has ended',
    replay: 'Watch again',
    failed: 'The player could not be opened. Check your network and try again.',
  },
  onAir: {
    title: 'The question being answered',
    none: 'No question is being asked at the moment.',
    floor: (venue: string) => `Speaking now: ${venue}`,
  },
  ask: {
    frozen: 'No questions are taken online for the moment. Write yours, and send it in some minutes.',
    title: 'Ask a question',
    step: (step: number) => `Step ${step} of 3`,
    kind: 'Do you want to ask, or to complain or denounce?',
    question: 'I want to ask',
    questionText: 'About a procedure, how long it takes, what it costs, how it is done. Choose what it is about just below.',
    complaint: 'I want to complain or to denounce',
    complaintText: 'I disagree with a decision, or I want to report wrongdoing.',
    topic: 'What is your question about?',
    venue: 'Which venue do you ask from?',
    venueHint: 'Optional. It helps the question reach the right office.',
    online: 'Online, not at a venue',
    next: 'Continue',
    back: 'Back',
    submit: 'Send the question',
    sending: 'Sending…',
    needTopic: 'Please choose a topic.',
    planned: 'The conference has not opened. You can prepare your question; the draft is kept on this device.',
    notLoaded: 'This part could not be loaded. Your words are safe on this device.',
  },
  asked: 'Your question was received',
  list: 'Approved questions',
} satisfies Messages;

export default en;
