import type { Conference, Event, Floor, Question, Snapshot, Venue } from '../wire/wire.gen';

/** What the role may see, at one cursor. Never changed in place. */
export interface View {
  readonly conference: Conference;
  /** By id, in order of submission as far as the server told it. */
  readonly questions: ReadonlyMap<string, Question>;
  /** The running order: question ids. */
  readonly queue: readonly string[];
  /** The question on air; "" for none. */
  readonly onAir: string;
  readonly floor: Floor;
  readonly venues: ReadonlyMap<string, Venue>;
  /** How many support each question anybody supports. */
  readonly votes: ReadonlyMap<string, number>;
  /** Questions whose askers were invited and did not come; told to officials and staff. */
  readonly absent: ReadonlySet<string>;
}

/** The view that a snapshot tells. */
export function fromSnapshot(snapshot: Snapshot): View {
  return {
    conference: snapshot.conference,
    questions: new Map(snapshot.questions.map((question) => [question.id, question])),
    queue: snapshot.queue,
    onAir: snapshot.onAir ?? '',
    floor: snapshot.floor,
    venues: new Map(snapshot.venues.map((venue) => [venue.id, venue])),
    votes: new Map(Object.entries(snapshot.votes ?? {})),
    absent: new Set(snapshot.absent),
  };
}

/** The view with new totals of votes: those named replace what is held, 0 takes one away. */
export function recount(view: View, totals: Readonly<Record<string, number>>): View {
  const votes = new Map(view.votes);
  for (const [id, total] of Object.entries(totals)) {
    if (total > 0) votes.set(id, total);
    else votes.delete(id);
  }
  return { ...view, votes };
}

/**
 * The view after the events. Fields that an event sets replace what is held; each map is
 * copied at most once per batch, however many events it brings.
 */
export function reduce(view: View, events: readonly Event[]): View {
  let { conference, queue, onAir, floor } = view;
  let questions: Map<string, Question> | null = null;
  let venues: Map<string, Venue> | null = null;
  let absent: Set<string> | null = null;
  for (const event of events) {
    if (event.question) {
      questions ??= new Map(view.questions);
      questions.set(event.question.id, event.question);
    }
    if (event.gone !== undefined && event.gone !== '') {
      questions ??= new Map(view.questions);
      questions.delete(event.gone);
    }
    if (event.venue) {
      venues ??= new Map(view.venues);
      venues.set(event.venue.id, event.venue);
    }
    if (event.queue !== undefined) queue = event.queue;
    if (event.onAir !== undefined) onAir = event.onAir;
    if (event.floor) floor = event.floor;
    if (event.conference) conference = event.conference;
    for (const [id, is] of Object.entries(event.absent ?? {})) {
      absent ??= new Set(view.absent);
      if (is) absent.add(id);
      else absent.delete(id);
    }
  }
  return {
    conference,
    questions: questions ?? view.questions,
    queue,
    onAir,
    floor,
    venues: venues ?? view.venues,
    votes: view.votes,
    absent: absent ?? view.absent,
  };
}

/** The question on air, if the role may see it. */
export function onAirQuestion(view: View): Question | undefined {
  return view.onAir ? view.questions.get(view.onAir) : undefined;
}

/** The venue that the public sees and hears; "" when only the slate is shown. */
export function speaking(view: View): string {
  const { floor } = view;
  if (floor.slate) return '';
  const present = (id: string | undefined) => id !== undefined && id !== '' && view.venues.get(id)?.connected !== false;
  return [floor.holder, floor.main].find(present) ?? '';
}

/** The name of a venue; "" when it is unknown. */
export function venueName(conference: Conference, id: string | undefined): string {
  return conference.venues.find((venue) => venue.id === id)?.name ?? '';
}

/** The name of a topic in the language; "" when it is unknown. */
export function topicName(conference: Conference, id: string | undefined, lang: string): string {
  const topic = conference.topics.find((known) => known.id === id);
  if (!topic) return '';
  return (lang === 'en' && topic.nameEn) || topic.name;
}

/** The title of the conference in the language. */
export function conferenceTitle(conference: Pick<Conference, 'title' | 'titleEn'>, lang: string): string {
  return (lang === 'en' && conference.titleEn) || conference.title;
}
