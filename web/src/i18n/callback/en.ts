import type { Messages } from './vi';

export default {
  title: 'Call the asker back',
  intro: 'Enter the code on the slip to see the telephone number and the organisation the asker left. Only the desk and the administrators can; hide them when you are done.',
  code: 'Question code',
  find: 'Find',
  needCode: 'Please enter the question’s code.',
  unknown: 'No question has this code. Please check every character.',
  phone: 'Telephone',
  name: 'Asker',
  organisation: 'Organisation',
  asked: 'Recorded',
  channel: {
    web: 'sent by themselves',
    hall: 'in the hall',
    desk: 'at the desk',
    phone: 'by telephone',
    zalo: 'by Zalo',
    import: 'in an imported table',
    registration: 'with a registration',
  },
  nothing: 'The asker left no telephone number and no organisation, or they have been erased.',
  close: 'Hide',
} satisfies Messages;
