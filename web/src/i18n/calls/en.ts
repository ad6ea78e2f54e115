import type { Messages } from './vi';

export default {
  title: 'People to call back',
  intro: 'Askers who left a telephone number, those who have waited longest first. Hide the list when you are done, so that nobody else reads it.',
  show: 'Show the list',
  again: 'Reload',
  hide: 'Hide',
  left: (waiting: number, called: number) => `${waiting} to be called, ${called} called`,
  none: 'Nobody waits for a call.',
  withCalled: 'Show those who were called too',
  more: (shown: number) => `Only the first ${shown} are listed; the others follow as calls are made.`,
  nameless: 'No name given',
  question: (code: string) => `Question ${code}`,
  called: 'Called',
  calledFor: (who: string) => `Called ${who}`,
  by: (person: string, at: string) => `Called by ${person}, ${at}`,
  somebody: 'the desk',
  undo: 'Not reached after all',
  undoFor: (who: string) => `Not reached after all: ${who}`,
  noted: (who: string) => `Noted: ${who} was called.`,
  takenBack: (who: string) => `Noted: ${who} was not reached.`,
} satisfies Messages;
