import { sentence } from '../live/problem';
import type { View } from '../live/reduce';
import type { Socket } from '../live/socket.svelte';
import { toasts } from '../ui/toasts.svelte';
import type { Likeness, Question } from '../wire/wire.gen';
import { followedOf, mineOf } from './kept.svelte';
import type { Kept } from './kept.svelte';
import { Votes } from './votes.svelte';

/** What a vote can be given for; the server decides. */
const votable: readonly Question['state'][] = ['approved', 'queued', 'staged', 'recalled'];

/** What this browser keeps about the questions of a conference. */
export class Reading {
  /** The tracking codes of one's own. */
  readonly mine: Kept;
  /** The ids of others' that are followed. */
  readonly followed: Kept;
  readonly votes: Votes;

  readonly #socket: Pick<Socket, 'command'>;

  constructor(conference: string, socket: Pick<Socket, 'command'>) {
    this.#socket = socket;
    this.mine = mineOf(conference);
    this.followed = followedOf(conference);
    this.votes = new Votes(conference, socket, (error) => toasts.show('error', sentence(error)));
  }

  /** Whether the question takes votes now. */
  mayVote(view: View, question: Question): boolean {
    return view.conference.state !== 'closed' && votable.includes(question.state);
  }

  /** How many support the question, one's own vote among them at once. */
  total(view: View, id: string): number {
    return this.votes.total(id, view.votes.get(id) ?? 0);
  }

  vote(view: View, id: string): void {
    this.votes.toggle(id, view.votes.get(id) ?? 0);
  }

  /** What the server's index finds to ask the same as a text; it keeps nothing of it. */
  async alike(body: string): Promise<readonly Likeness[]> {
    const { similar } = await this.#socket.command('question.similar', { body }, { again: false });
    return similar ?? [];
  }

  /** Follows the question, or no longer. */
  toggleFollow(id: string): void {
    if (this.followed.has(id)) this.followed.remove(id);
    else this.followed.add(id);
  }
}
