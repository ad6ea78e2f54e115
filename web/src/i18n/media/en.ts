import type { Messages } from './vi';

const en = {
  programme: 'The programme of the conference',
  pictureOf: (venue: string) => `Picture from ${venue}`,
  waitingPicture: 'No picture yet',
  soundOn: 'Turn sound on',
  soundOff: 'Turn sound off',
  soundBlocked: 'The browser does not allow sound yet. Please press “Turn sound on” once more.',
  phase: {
    idle: 'Picture and sound are not connected',
    joining: 'Connecting picture and sound…',
    connected: 'Picture and sound are connected',
    unsteady: 'The line is unsteady; holding the connection…',
    restarting: 'The line was lost; reconnecting…',
    lost: 'The line was lost; reconnecting…',
    waiting: 'The line was lost. The page reconnects by itself; please do not close it.',
    stopped: 'Picture and sound are off',
  },
  clock: {
    spoken: 'Spoken',
    left: 'Left',
    over: 'Over time',
  },
} satisfies Messages;

export default en;
