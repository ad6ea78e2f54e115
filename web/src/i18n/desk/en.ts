import type { Messages } from './vi';

const en = {
  title: 'Registration desk',
  soon: 'The registration desk is not open yet',
  text: 'Seats and tickets are not handled yet. This page will work once the organisers open registration.',
  until: 'Until then, citizens can ask their questions on the conference’s page:',
  open: 'Open the conference’s page',
} satisfies Messages;

export default en;
