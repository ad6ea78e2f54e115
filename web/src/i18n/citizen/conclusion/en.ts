import type { Messages } from './vi';

const en = {
  title: 'Conclusion',
  none: 'Answered at the conference; nothing more is needed.',
  owes: (agency: string, due: string) => `${agency} acts on it by ${due}.`,
  rest: (agency: string, due: string) => `${agency} answers the rest by ${due}.`,
  writes: (agency: string, due: string) => `${agency} answers in writing by ${due}.`,
  chair: 'The chair’s words',
} satisfies Messages;

export default en;
