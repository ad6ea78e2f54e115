import type { Messages } from './vi';

const en = {
  title: 'Conclusion',
  none: 'Answered at the conference; nothing more is needed.',
  owes: (agency: string, due: string) => `${agency} acts on it by ${due}.`,
  rest: (agency: string, due: string) => `${agency} answers the rest by ${due}.`,
  writes: (agency: string, due: string) => `${agency} answers in writing by ${due}.`,
  absent: (agency: string) =>
    `You were invited and could not come. Your question is answered in writing${agency ? `; it is for: ${agency}` : ''}.`,
  chair: 'The chair’s words',
  overdue: 'Overdue: there is no answer yet.',
  replied: (when: string) => `Answered in writing at ${when}`,
  repliedBy: (person: string, when: string) => `Answered in writing by ${person} at ${when}`,
  erased: 'The text was erased.',
  document: 'Open the document',
  replay: 'Watch the answer again',
  documentNo: (number: string) => `Document no. ${number}`,
} satisfies Messages;

export default en;
