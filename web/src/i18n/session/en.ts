import type { Messages } from './vi';

const enterRoom = 'Enter the control room';

const en = {
  linkTitle: 'This link is for',
  person: 'Person',
  role: 'Role',
  venue: 'Venue',
  conference: 'Conference',
  expires: 'Valid until',
  onceOnly: 'The link works once. Press the button when you sit at the machine you will work on.',
  demoLink: 'A demo link: it can be used again until the server stops.',
  enter: {
    citizen: enterRoom,
    venue: 'Enter the venue',
    moderator: 'Enter the moderators’ room',
    stage: enterRoom,
    screen: 'Open the hall screen',
    registrar: 'Enter the registration desk',
    official: 'Go to the answers',
    admin: 'Enter administration',
    system: enterRoom,
  },
  noneTitle: 'You need a link to come in',
  noneText: 'This page is for the people who run the conference. There is no account and no password; each person is given a link.',
  noneSteps: [
    'Find the link that the organisers sent you by message, e-mail or QR code.',
    'Open it on this very machine, then press the button to enter.',
    'If the link was used or has expired, ask the conference’s administrator for a new one.',
  ],
  publicPages: 'Are you a citizen? See the conferences and ask a question',
} satisfies Messages;

export default en;
