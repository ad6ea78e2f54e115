import type { Messages } from './vi';

const en = {
  mine: {
    title: 'My questions',
    note: 'This list is kept on this device only.',
    remove: (code: string) => `Remove ${code} from the list`,
    loading: 'Asking the server…',
    unclear: 'It has to be made clearer: press to change it',
    ahead: (count: number) => {
      if (count === 0) return 'It is asked next';
      return count === 1 ? '1 question before it' : `${count} questions before it`;
    },
    followed: 'Questions I follow',
    gone: 'This question is not public any more.',
    unfollow: (text: string) => `Stop following: ${text}`,
  },
  list: {
    count: (count: number) => (count === 1 ? '1 question' : `${count} questions`),
    topic: 'Topic',
    venue: 'Venue',
    all: 'All',
    sort: 'Order',
    sorts: { order: 'As they are answered', votes: 'Most supported', newest: 'Newest' },
    empty: 'No question has been approved yet',
    emptyText: 'Citizens’ questions appear here once they are approved.',
    noMatch: 'No question matches this choice',
    more: 'Show more',
    asked: (time: string) => `Asked at ${time}`,
    by: (name: string) => `Asked by ${name}`,
    private: 'This conference does not publish its questions.',
    vote: 'Support',
    votes: (count: number) => (count === 1 ? '1 person supports it' : `${count} people support it`),
    follow: 'Follow',
  },
} satisfies Messages;

export default en;
