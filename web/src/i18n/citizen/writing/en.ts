import type { Messages } from './vi';

const en = {
  door: {
    title: 'Complaints and denunciations have their own way',
    text: 'Complaints and denunciations follow a procedure of their own and are not answered at this conference.',
    complaint: 'Complaint: you disagree with what an authority decided or did in your own case.',
    denunciation: 'Denunciation: you report that a person or an authority broke the law.',
    where: 'Where to take it',
    anywhere: 'The citizens’ reception office of the place where you live',
    mentioned: 'You mention a complaint or a denunciation. If you only ask about a procedure, just send it.',
  },
  text: {
    needBody: 'Please write your question.',
    tooLong: (over: number) => `${over} characters too long. Please shorten it.`,
    body: 'Your question',
    bodyHint: 'Ask one thing, as precisely as you can: which procedure, where filed, since when.',
    counter: (used: number, most: number) => `${used} of ${most} characters`,
    draft: 'The draft is kept on this device.',
    name: 'Your name',
    optional: 'optional',
    nameHint: 'Only the moderators see it, unless you agree below.',
    mayName: 'I may be named when the question is shown in public',
    privacy: 'Questions that are chosen are shown in public. Please leave out phone numbers, ID numbers and home addresses.',
  },
  similar: {
    title: (count: number) => (count === 1 ? '1 question asks nearly the same' : `${count} questions ask nearly the same`),
    text: 'If one of these is what you want to know, follow and support it: its answer comes sooner.',
    follow: 'Follow this one instead',
    followed: 'You follow this question. It stands first in the list and under “My questions”.',
    drop: 'Discard my draft',
  },
  outbox: {
    waiting:
      'Your question is waiting: it is kept on this device and sends itself when the network is back. You may close the page and come again.',
    sending: 'Your question is on its way.',
    proving:
      'Very many questions are arriving. This device is solving a small sum by itself and will send in a few seconds. If it does not work, ask the staff in the hall, or phone the organisers: they will put your question in for you.',
    refused: 'Your question was not taken yet',
    advice: {
      mend: 'Please change it and send again. Your words are still on this device.',
      opens: 'Your words are still on this device. The conference takes questions only while it is open.',
      staff: 'Please wait a few minutes and send again, or ask the staff in the hall, or phone the organisers.',
      again: 'Your words are still on this device. Please wait a few minutes and send again.',
    },
    replay: 'Watch again, question by question',
    closed: 'The conference has ended and takes no more questions.',
    kept: 'Your draft, not sent:',
  },
  asked: {
    text: 'Keep this code. Only those who have it can see where the question stands.',
    code: 'Tracking code',
    follow: 'Follow this question',
    again: 'Ask another question',
  },
} satisfies Messages;

export default en;
