import type { Messages } from './vi';

export default {
  today: 'Due today.',
  left: (days: number) => (days === 1 ? '1 working day from tomorrow' : `${days} working days from tomorrow`),
  without: (names: string) => `, these days off left out: ${names}.`,
  official: ', no public holiday in between.',
  provisional: ' The holidays of this period are not announced yet.',
  unknown: ', public holidays not left out: those of this year are not known.',
  free: (name: string) => `Offices are closed on this day: ${name}.`,
  weekend: 'This day is at the weekend: offices are closed.',
} satisfies Messages;
