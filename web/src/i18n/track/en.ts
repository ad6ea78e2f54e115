import type { Messages } from './vi';

const en = {
  title: 'Where does your question stand?',
  meaning: {
    submitted: 'The server has your question and is putting it in line.',
    pending: 'Your question is waiting for a moderator to read it. There is nothing you need to do.',
    claimed: 'A moderator is reading your question now.',
    approved: 'Your question was approved and is shown in public. The organisers decide the order.',
    refused: 'Your question is not taken to the conference. The reason, and where to turn instead, are below.',
    queued: 'Your question is in the list to be answered at the conference.',
    staged: 'Your question is asked next. Open the live picture.',
    onAir: 'Your question is being asked and answered right now.',
    answered: 'Your question was answered at the conference.',
    withdrawn: 'You withdrew this question. Nobody works on it any more.',
  },
  other: 'Look up another code',
  notFound: 'There is no question with this code',
  notFoundText: 'Please check every letter and digit. The code has no spaces.',
  asked: 'What you asked',
  shown: 'The wording used at the conference',
  erased: 'The text was erased.',
  topic: 'Topic',
  venue: 'Venue',
  sentAt: 'Sent',
  changedAt: 'Last change',
  conference: 'Conference',
  watch: 'Watch the conference',
  ahead: (count: number) => {
    if (count === 0) return 'No question comes before it.';
    return count === 1 ? '1 question comes before it.' : `${count} questions come before it.`;
  },
  path: 'The steps',
  steps: {
    received: 'Received',
    read: 'Read by a moderator',
    approved: 'Approved',
    queued: 'In the running order',
    onAir: 'Asked at the conference',
    answered: 'Answered',
    refused: 'Not taken',
    withdrawn: 'Withdrawn',
  },
  done: 'done',
  now: 'it is here now',
  refusal: 'Why the question was not taken',
  reason: 'Reason',
  words: 'A word from the moderator',
  nextDoor: 'Where to turn instead',
  withdraw: 'Withdraw the question',
  withdrawTitle: 'Withdraw this question?',
  withdrawText: 'It will not be read or answered any more. This cannot be undone; you may ask a new question.',
  withdrawYes: 'Withdraw it',
  withdrawNo: 'Keep it',
  withdrawn: 'The question was withdrawn.',
} satisfies Messages;

export default en;
