// Made by cmd/wiregen from signaling/protocol. Do not edit: change the Go types and run
// "go generate ./signaling/protocol".

/** An instant: RFC 3339, UTC. */
export type Instant = string;

/**
 * QuestionSubmit is "question.submit": citizen, venue (from the hall), registrar (desk),
 * moderator (phone).
 */
export interface QuestionSubmit {
  idempotencyKey: string;
  body: string;
  topic: string;
  venue?: string;
  name?: string;
  /** they agree to be named */
  mayName?: boolean;
  /**
   * Phone and Organisation are how to call back whoever asks through staff: venue,
   * registrar, moderator. Only question.contact tells them.
   */
  phone?: string;
  organisation?: string;
  /**
   * Proof is the solution of the challenge of a refusal proof.required: base64 of the JSON
   * {algorithm, challenge, number, salt, signature}. Of a fresh challenge, used once.
   */
  proof?: string;
}

/**
 * QuestionCode is "question.withdraw": anyone who holds the tracking code; and
 * "question.contact" (registrar, admin): whom to call back. Nothing is stored.
 */
export interface QuestionCode {
  code: string;
}

/**
 * QuestionCalled is "question.called" (registrar, admin): whoever asked was called back, or
 * was not after all.
 */
export interface QuestionCalled {
  id: string;
  undo?: boolean;
}

/**
 * QuestionAmend is "question.amend": anyone who holds the tracking code of a question that
 * was returned; once.
 */
export interface QuestionAmend {
  code: string;
  body: string;
}

/**
 * ChannelFreeze is "channel.freeze" (moderator, admin): questions of a channel are not taken,
 * or are taken again.
 */
export interface ChannelFreeze {
  channel: Channel;
  on: boolean;
}

/**
 * QuestionSimilar is "question.similar": which questions the role may see ask something
 * like the body. Nothing is stored.
 */
export interface QuestionSimilar {
  body: string;
}

/**
 * QuestionVote is "question.vote" (citizen). Voter is a secret of the device, 16–128
 * printable ASCII characters with ≥ 128 random bits; it is stored as an HMAC.
 */
export interface QuestionVote {
  id: string;
  voter: string;
  on: boolean;
}

/**
 * QuestionClaim is "question.claim" (moderator). TakeOver takes a card that a colleague
 * holds; without it a card can be taken over once its lease has lapsed.
 */
export interface QuestionClaim {
  id: string;
  takeOver?: boolean;
}

/**
 * QuestionRef is "question.keep" (prolongs the lease of a claimed card; not stored),
 * "question.release", "question.undo" (moderator); "question.unqueue", "question.stage",
 * "question.air", "question.recall" (stage).
 */
export interface QuestionRef {
  id: string;
}

/** QuestionApprove is "question.approve" (moderator who claimed it). */
export interface QuestionApprove {
  id: string;
  /** absent: the wording it has */
  short?: string;
  /** absent: text */
  visibility?: Visibility;
}

/**
 * QuestionEdit is "question.edit" (the moderator who holds the card; moderators and stage
 * once it is approved); short "" goes back to the asker's words.
 */
export interface QuestionEdit {
  id: string;
  short: string;
}

/**
 * QuestionReturn is "question.return" (moderator who claimed it): the asker may say it
 * again, once. Text tells what is unclear.
 */
export interface QuestionReturn {
  id: string;
  text: string;
}

/**
 * QuestionWrite is "question.write" (moderator who claimed it): an agency answers in
 * writing. Agency absent: the topic's. Due is a date, 2022-11-20.
 */
export interface QuestionWrite {
  id: string;
  agency?: string;
  due: string;
}

/**
 * QuestionMerge is "question.merge" (the moderator who holds the card; any moderator once it
 * is approved): the question Into stands for it.
 */
export interface QuestionMerge {
  id: string;
  into: string;
}

/**
 * QuestionAnswer is "question.answer" (stage): the chair's conclusion. Either none, or an
 * agency and a date; partly leaves something to be answered and is never none.
 */
export interface QuestionAnswer {
  id: string;
  partly?: boolean;
  none?: boolean;
  agency?: string;
  due?: string;
  text?: string;
}

/** PromiseAssign is "promise.assign" (official): which agency answers in writing, by when. */
export interface PromiseAssign {
  id: string;
  agency: string;
  due: string;
}

/** PromiseNote is "promise.note" (official): what the asker is told meanwhile. */
export interface PromiseNote {
  id: string;
  text: string;
}

/** PromiseKeep is "promise.keep" (official): the answer in writing. A later one replaces it. */
export interface PromiseKeep {
  id: string;
  text: string;
  document?: string;
  public?: boolean;
}

/**
 * QuestionRefuse is "question.refuse" and "question.redirect" (moderator who claimed it).
 * A reason that takes two holds the question until another moderator refuses it too.
 */
export interface QuestionRefuse {
  id: string;
  reason: string;
  text?: string;
  nextDoor?: string;
}

/** QuestionQueue is "question.queue" (stage): before absent = at the end. */
export interface QuestionQueue {
  id: string;
  before?: string;
}

/** HandRaise is "hand.raise" (venue). */
export interface HandRaise {
  note?: string;
}

/**
 * VenueRef is "hand.lower" (venue: absent; stage: which), "floor.preview" (stage; ""
 * clears), "floor.takeBack" (stage).
 */
export interface VenueRef {
  venue?: string;
}

/** FloorGive is "floor.give" (stage). */
export interface FloorGive {
  venue: string;
  limitMs?: number;
  /**
   * Seen is the holder the stage manager saw when giving ("" nobody); if another has the
   * floor by now the command is refused with floor.changed. Absent: whoever has it.
   */
  seen?: string;
}

/** ProgrammeSlate is "programme.slate" (stage). */
export interface ProgrammeSlate {
  on: boolean;
}

/** ProgrammeBeside is "programme.beside" (stage). */
export interface ProgrammeBeside {
  on: boolean;
}

/**
 * MediaOffer is "media.join" (venue, stage) and "media.restart": a full SDP offer; the
 * reply's sdp is the answer. The order of the m-lines is in docs/protocol.md.
 */
export interface MediaOffer {
  sdp: string;
  /**
   * MediaToken, with media.join, is that of the session the page had: the new connection
   * goes on in its place. Refused with media.replaced when another page took it meanwhile.
   */
  mediaToken?: string;
}

/** MediaTiles is "media.tiles" (stage): the venues to show in the tile slots, in order. */
export interface MediaTiles {
  venues: string[];
}

/**
 * MediaTalk is "media.talk" (stage): the page's microphone is heard in one venue and nowhere
 * else, until "" or the page's socket ends it. The page's offer has a microphone.
 */
export interface MediaTalk {
  venue: string;
}

/**
 * MediaLook is "media.look" (venue, stage): how the page shows its slots. Slots that are
 * not named stay as they were; a new session begins with what is usual for the kind.
 */
export interface MediaLook {
  slots: SlotLook[];
}

/** SlotLook is how one slot is shown. */
export interface SlotLook {
  mid: string;
  /** Height of the picture in lines of the screen (CSS pixels × device pixel ratio). */
  height?: number;
  /** Hidden: not seen, or not played; nothing is sent. */
  hidden?: boolean;
}

/**
 * Nothing is the empty body of "venue.ready", "venue.notReady" (venue), "floor.cityHall"
 * (stage), "media.leave" (venue, stage), "conference.open" and "conference.close" (admin), and
 * "question.calls" (registrar, admin): who is to be called back. Nothing is stored of that.
 */
export type Nothing = Record<string, never>;

/**
 * Holidays is the answer of GET /api/v1/holidays: the days that differ from what their weekday
 * says. Due dates are counted in working days with it.
 */
export interface Holidays {
  /** earliest first */
  years: HolidayYear[];
}

/** HolidayYear is the data of one year; of a year that is missing nothing is known. */
export interface HolidayYear {
  year: number;
  /** Certainty is "official" (announced, or fixed by law) or "provisional". */
  certainty: string;
  /** holidays and days taken off for them */
  free: Holiday[];
  /** Saturdays and Sundays worked in exchange */
  work: Holiday[];
}

/** Holiday is one such day. */
export interface Holiday {
  /** 2026-09-02 */
  date: string;
  name: string;
  nameEn?: string;
  /** Provisional marks a day of an official year that is not itself announced. */
  provisional?: boolean;
}

/**
 * LineReport is "line.report" (venue, while its media are connected): what the page sees of
 * its own line over the last seconds; every 5 s or so, at most one a second. Shares are 0–1,
 * rates bits/s; what is absent is not known. Signs are those from black to hidden.
 */
export interface LineReport {
  /** all layers and the microphone */
  upBits?: number;
  /** all that arrives */
  downBits?: number;
  lossUp?: number;
  lossDown?: number;
  rttMs?: number;
  /** of what arrives */
  jitterMs?: number;
  /** Freezes is how often the programme's picture stood still, FrozenMs for how long, of WindowMs. */
  freezes?: number;
  frozenMs?: number;
  windowMs?: number;
  /** Width and Height are of the largest picture sent now, WantedHeight is what the camera gives. */
  width?: number;
  height?: number;
  wantedHeight?: number;
  /** pictures a second of the largest */
  fps?: number;
  /** that are sent */
  layers?: number;
  limited?: LineLimit;
  /** ≤ 60 characters */
  encoder?: string;
  way?: LineWay;
  /** Level is the loudest of the microphone, 0–100 on a scale of 60 dB. */
  level?: number;
  /** ≤ 80 characters, as the system names it */
  camera?: string;
  mic?: string;
  signs?: LineSign[];
}

/** VenueLine is one venue's line: what its page tells and what the server measures. */
export interface VenueLine {
  venue: string;
  grade: LineGrade;
  /** the worst first */
  causes?: LineCause[];
  signs?: LineSign[];
  upBits?: number;
  downBits?: number;
  /** before repair */
  lossUp?: number;
  lossDown?: number;
  rttMs?: number;
  jitterMs?: number;
  frozenMs?: number;
  width?: number;
  height?: number;
  wantedHeight?: number;
  fps?: number;
  /** that arrive */
  layers?: number;
  level?: number;
  limited?: LineLimit;
  encoder?: string;
  way?: LineWay;
  camera?: string;
  mic?: string;
  /** Page: a page tells of the line; without it the server's own measurements are all there is. */
  page?: boolean;
  /** StillAtMs is when the venue's latest still came, ms since 1970; absent: there is none. */
  stillAtMs?: number;
}

/**
 * Lines are the venues' lines: stage and admin get all, a venue its own. Whole replaces what
 * the client holds; otherwise Rows replace those of their venues and Gone are taken away.
 * They come at most every LinesEveryMs, and only what has changed.
 */
export interface Lines {
  whole?: boolean;
  rows: VenueLine[];
  gone?: string[];
}

/**
 * Speaking is who is heard now, for the stage: Now speaks among the open microphones (absent:
 * nobody), Loud are closed microphones that have sound.
 */
export interface Speaking {
  now?: string;
  loud?: string[];
}
export const Subprotocol = "diemcau.v1";
export const Version = 1;
/** the server drains: come back after bye.retryAfterMs */
export const CloseGoingAway = 4000;
/** you were too slow: come back and take a snapshot */
export const CloseResync = 4008;
/** too many messages: come back after 10 s */
export const CloseRateLimited = 4029;
/** a fault of ours: come back */
export const CloseInternal = 4100;
/** no common protocol: reload the page */
export const CloseNoProtocol = 4500;
/** not JSON, no hello, unknown type twice, frame too large */
export const CloseBadMessage = 4501;
/** hello asked for a role no cookie stands for */
export const CloseNotSignedIn = 4502;
/** the session was revoked or has expired */
export const CloseRevoked = 4503;
/** no such conference */
export const CloseUnknownPlace = 4504;
/** an SDP offer is the largest */
export const MaxFrameBytes = 65536;
/** every other message */
export const MaxCommandBytes = 8192;
/** sustained */
export const MessagesPerSecond = 10;
export const MessageBurst = 30;
export const MaxFollowsPerPeer = 50;
/** after NFC */
export const MaxQuestionRunes = 600;
export const MaxHandNoteRunes = 120;
export const HelloWithinMs = 10000;
export const PingEveryMs = 25000;
export const WatermarkEveryMs = 5000;
/** totals of votes come at most that often */
export const VotesEveryMs = 1000;
/** so do changes of lines */
export const LinesEveryMs = 2000;
/** and who speaks */
export const SpeakingEveryMs = 250;
export const MaxStillBytes = 20480;
export const CoalesceEventsMs = 20;
export const CommandTimeoutMs = 10000;
export const IdempotencyKeyMin = 16;
export const IdempotencyKeyMax = 128;
export const CommandIDMin = 22;
export const CommandIDMax = 64;
export const ConcurrentCommands = 8;

/** ClientMessage is anything a client sends. */
export type ClientMessage =
  | { type: "hello"; hello: Hello }
  | { type: "command"; id: string; name: CommandName; data: unknown }
  | { type: "follow"; code: string; id?: string }
  | { type: "unfollow"; code: string };

/** Hello is the first message of a client. */
export interface Hello {
  protocols: number[];
  /** Role is the role to speak as; absent: citizen. Every other role needs its cookie. */
  role?: Role;
  /** Venue chooses between several venue sessions of one browser. */
  venue?: string;
  /** Lang is "vi" or "en"; absent: vi. */
  lang?: Lang;
  /** Cursor is where the client was; absent: send a snapshot. */
  cursor?: string;
  /** MediaToken gives the page the media session back that it had; see ok.mediaToken. */
  mediaToken?: string;
}

/** ServerMessage is anything the server sends; Type tells which one field is set. */
export type ServerMessage =
  | { type: "welcome"; welcome: Welcome }
  | { type: "snapshot"; snapshot: Snapshot }
  | { type: "events"; events: Events }
  | { type: "reply"; reply: Reply }
  | { type: "standing"; standing: Standing }
  | { type: "slots"; slots: Slots }
  | { type: "watermark"; watermark: Watermark }
  | { type: "lines"; lines: Lines }
  | { type: "speaking"; speaking: Speaking }
  | { type: "bye"; bye: Bye };

/** Welcome answers hello. */
export interface Welcome {
  protocol: number;
  role: Role;
  venue?: string;
  person?: string;
  /** Session is the public reference of the session; it tells "claimed by me". */
  session?: string;
  /** Resumed: events after the cursor follow. Otherwise a snapshot follows. */
  resumed: boolean;
  serverTime: Instant;
  /** Server is another string after each start of the server. */
  server: string;
  demo?: boolean;
  /**
   * Media: the media session that hello's token is for goes on with this socket; slots
   * follow. Otherwise a page that wants media joins anew.
   */
  media?: boolean;
}

/**
 * Events are changes in order. A client whose cursor is not Prev has missed something
 * and reconnects without a cursor.
 */
export interface Events {
  prev: string;
  cursor: string;
  events: Event[];
}

/**
 * Watermark is sent when nothing happened for a while: all up to Cursor was seen; and once
 * a second when votes were given.
 */
export interface Watermark {
  prev: string;
  cursor: string;
  /** Votes replaces the totals of these questions; 0 when nobody supports it any more. */
  votes?: Record<string, number>;
}

/** Reply answers a command: exactly one of OK and Error is set. */
export interface Reply {
  to: string;
  ok?: OK;
  error?: Problem;
}

/** OK is the durable result of a command. */
export interface OK {
  question?: string;
  /** tracking code; submissions only */
  code?: string;
  state?: QuestionState;
  repeated?: boolean;
  /** SDP is the answer to media.join and media.restart. */
  sdp?: string;
  /**
   * ICEServers come with it: what relays media that gets through no other way. The
   * credentials begin relays for five minutes.
   */
  iceServers?: ICEServer[];
  /**
   * MediaToken comes with media.join: what the page gets this media session back with, for a
   * minute after its socket or its media were lost. A secret of its reader.
   */
  mediaToken?: string;
  /** Similar answers question.similar, the likest first. */
  similar?: Likeness[];
  /** Contact answers question.contact. */
  contact?: Contact;
  /** Calls answers question.calls. */
  calls?: Calls;
}

/** ICEServer is what RTCPeerConnection takes of that name; a secret of its reader. */
export interface ICEServer {
  urls: string[];
  username: string;
  credential: string;
}

/** Likeness is a question that asks something like a text does. */
export interface Likeness {
  id: string;
  /** 100: the same words */
  percent: number;
}

/** Problem is a refusal. */
export interface Problem {
  kind: ProblemKind;
  code: string;
  /** Message is one sentence in the language of hello that says what to do. */
  message: string;
  /** RetryAfterMs > 0: send the same command again after that long. */
  retryAfterMs?: number;
  /** Question is the question as it is now, when the refusal is a lost race. */
  question?: Question;
  /** Challenge is set with proof.required: solve it and send the same again with the proof. */
  challenge?: Challenge;
}

/**
 * Challenge is a proof of work that is asked for (the format of ALTCHA): find the number
 * in 0…MaxNumber for which the hex SHA-256 of Salt ‖ decimal number is Challenge.
 */
export interface Challenge {
  /** "SHA-256" */
  algorithm: string;
  challenge: string;
  maxNumber: number;
  salt: string;
  signature: string;
}

/** Slots maps the receive slots of the page's PeerConnection. */
export interface Slots {
  slots: Slot[];
  /**
   * Send are the layers of the page's own camera that somebody needs, by rid, high to low:
   * stop sending the others. Absent: all.
   */
  send?: string[];
  /** Ended: the media session has ended; Slots is empty. Join again at once, unless Replaced. */
  ended?: boolean;
  /**
   * Replaced: another page of the venue took the place; two that both come back by
   * themselves would take it from each other for ever.
   */
  replaced?: boolean;
}

/** Slot is one MID: what it is for and which venue it shows now (absent = empty). */
export interface Slot {
  mid: string;
  kind: SlotKind;
  venue?: string;
  /** Paused: nothing is sent because the page's line takes no more. */
  paused?: boolean;
  /** Stage: of a voice slot without a venue: the stage talks to this venue alone. */
  stage?: boolean;
}

/** Bye precedes a close. */
export interface Bye {
  reason: string;
  retryAfterMs?: number;
}

/**
 * Replay is the answer of GET /api/v1/conferences/{conference}/replay: what was on air when,
 * and where that is in the recording.
 */
export interface Replay {
  conference: Conference;
  recording: Recording;
  /**
   * Questions that were on air and that everybody may read, in the order in which they
   * first were.
   */
  questions: ReplayQuestion[];
  /** Turns of the venues that were given the floor, oldest first. */
  turns: ReplayTurn[];
}

/** Recording is what is kept of the programme. */
export interface Recording {
  state: RecordingState;
  /** URL is the path of the HLS playlist, MP4 of the whole as one file. Kept only. */
  url?: string;
  mp4?: string;
  lengthMs?: number;
  /** Stretches are its parts without a gap, oldest first. */
  stretches?: Stretch[];
  /** RFC 3339 */
  removedAt?: string;
}

/** Stretch is a part of a recording without a gap. */
export interface Stretch {
  /** when it was on air */
  at: Instant;
  /** where that is in the recording */
  fromMs: number;
  lengthMs: number;
}

/**
 * Moment is from when to when something was on air. FromMs and ToMs are where that is in the
 * recording, absent where nothing of it was kept, or not yet.
 */
export interface Moment {
  at: Instant;
  /** RFC 3339; absent while it is on air */
  until?: string;
  fromMs?: number;
  toMs?: number;
}

/** ReplayQuestion is a question that was on air. */
export interface ReplayQuestion {
  /** as it stands now */
  question: Question;
  /** several when it was recalled and asked again */
  moments: Moment[];
  /** MP4 is the path of a file with these moments; absent where nothing was kept of them. */
  mp4?: string;
}

/** ReplayTurn is a time for which a venue had the floor. */
export interface ReplayTurn {
  venue: string;
  moment: Moment;
}

/** Snapshot is everything the role may see, at Cursor. */
export interface Snapshot {
  cursor: string;
  conference: Conference;
  /** in order of submission */
  questions: Question[];
  /** running order, question ids */
  queue: string[];
  onAir?: string;
  /** Votes is how many support each question anybody supports. */
  votes?: Record<string, number>;
  floor: Floor;
  venues: Venue[];
  /** Absent are the questions whose askers were invited and did not come: officials and staff. */
  absent?: string[];
}

/** Event is one change; the fields set replace what the client holds. */
export interface Event {
  type: string;
  v: number;
  at: Instant;
  /** Question replaces the question with its id. */
  question?: Question;
  /** Gone is the id of a question the role may no longer see. */
  gone?: string;
  /** Queue replaces the running order (absent: unchanged). */
  queue?: string[];
  /** OnAir replaces the question on air (absent: unchanged; "" none). */
  onAir?: string;
  venue?: Venue;
  floor?: Floor;
  conference?: Conference;
  /**
   * Absent are questions whose asker was invited and did not come (true), or has come after
   * all (false); the others stay as they are. Officials and staff.
   */
  absent?: Record<string, boolean>;
}

/** Conference is the conference as shown. */
export interface Conference {
  id: string;
  title: string;
  titleEn?: string;
  state: ConferenceState;
  startsAt: Instant;
  public: boolean;
  demo?: boolean;
  venues: Place[];
  topics: Topic[];
  reasons?: Reason[];
  /** Frozen are the channels whose questions are not taken now. */
  frozen?: Channel[];
  /** Test: all that is asked and done is wiped when the conference goes live. */
  test?: boolean;
  place?: string;
  agenda?: AgendaItem[];
  /** Registration is when people register, closed or not; absent: nobody does. */
  registration?: Window;
}

/** Window is when people register. */
export interface Window {
  opensAt: Instant;
  closesAt: Instant;
}

/** AgendaItem is one part of the dialogue; at is a time of the place ("08:30"). */
export interface AgendaItem {
  at?: string;
  title: string;
}

/** Place is a venue by name. */
export interface Place {
  id: string;
  name: string;
  main?: boolean;
  /** Address is where people go. */
  address?: string;
}

/** Topic is a subject. */
export interface Topic {
  id: string;
  name: string;
  nameEn?: string;
  agency?: string;
}

/** Reason is one entry of the refusal catalogue. */
export interface Reason {
  code: string;
  text: string;
  textEn?: string;
  nextDoor: string;
  nextDoorEn?: string;
  /** TakesTwo: a second moderator has to agree before the question is refused. */
  takesTwo?: boolean;
}

/**
 * Question is a question as the role may see it.
 *
 * Citizens, venues and screens get approved questions and later states only, and never
 * the fields marked "staff".
 */
export interface Question {
  id: string;
  state: QuestionState;
  /** Text is the wording shown: the moderator's if there is one, else the asker's. */
  text: string;
  topic?: string;
  venue?: string;
  submittedAt: Instant;
  changedAt: Instant;
  onAirAt?: string;
  answeredAt?: string;
  /** Name is the asker's; to the public only when they agreed and a moderator showed it. */
  name?: string;
  /** Conclusion is what the chair concluded, or by when the agency answers in writing. */
  conclusion?: Conclusion;
  /** Reply is the answer in writing; to the public only when it is public. */
  reply?: Written;
  /** Officials and staff. */
  notes?: Note[];
  /** Staff: moderators, stage, admin. */
  version?: number;
  /** the asker's words when Text is not */
  original?: string;
  /** what they wrote before they amended it */
  first?: string;
  mayName?: boolean;
  visibility?: Visibility;
  channel?: Channel;
  claim?: Claim;
  hold?: Hold;
  return?: Return;
  refusal?: Refusal;
  mergedInto?: string;
  /** wordings there were, oldest first */
  revisions?: Revision[];
  /** the moderators', oldest first */
  decisions?: Decision[];
}

/**
 * Contact is whom to call back about a question that staff entered or that was in a table:
 * registrar and admin. Name is absent when there is nothing to call back with.
 */
export interface Contact {
  state: QuestionState;
  channel: Channel;
  submittedAt: Instant;
  name?: string;
  /** digits, with "+" before a country's number */
  phone?: string;
  organisation?: string;
}

/**
 * Calls answers question.calls: who waits for a call, those who have waited longest first,
 * then who was called, the latest first.
 */
export interface Calls {
  waiting: number;
  called: number;
  /** at most 500 */
  list: Call[];
}

/** Call is one person to call back, by the question they asked. */
export interface Call {
  id: string;
  /** tracking code */
  code: string;
  contact: Contact;
  /** absent until somebody has called */
  made?: CallMade;
}

/** CallMade tells who has called back. */
export interface CallMade {
  at: Instant;
  person: string;
}

/** Claim tells who holds the card. */
export interface Claim {
  session: string;
  person: string;
  at: Instant;
}

/**
 * Hold is why a closer look is asked for: a rule, or a colleague who proposes a refusal
 * that takes two.
 */
export interface Hold {
  rule?: string;
  session?: string;
  person?: string;
  proposed?: Refusal;
}

/** Return is what was unclear; it stays when the asker has amended the question. */
export interface Return {
  at: Instant;
  /** staff */
  person?: string;
  text: string;
  amended?: boolean;
}

/** Revision is one wording of the staff; short "" is the asker's own, or was erased. */
export interface Revision {
  at: Instant;
  person: string;
  short?: string;
}

/**
 * Decision is what a moderator decided. State is where the question stood after it: held when
 * a refusal that takes two was proposed, pending when a decision was undone.
 */
export interface Decision {
  at: Instant;
  person?: string;
  state: QuestionState;
}

/** Conclusion is who owes what by when; none: nothing is owed. */
export interface Conclusion {
  none?: boolean;
  agency?: string;
  /** date, 2022-11-20 */
  due?: string;
  text?: string;
  at: Instant;
}

/** Written is an answer in writing. */
export interface Written {
  at: Instant;
  person?: string;
  /** "" once erased */
  text: string;
  /** a number or an https address */
  document?: string;
  public?: boolean;
}

/** Note is what the asker is told while an answer is being prepared. */
export interface Note {
  at: Instant;
  person?: string;
  text: string;
}

/** Refusal is why, in the moderator's words, and where to go instead. */
export interface Refusal {
  reason: string;
  text?: string;
  nextDoor: string;
}

/** Standing is what the holder of a tracking code sees. */
export interface Standing {
  conference: string;
  code: string;
  state: QuestionState;
  /** what was asked; "" once erased */
  body: string;
  /** the wording used, when it differs */
  text?: string;
  topic?: string;
  venue?: string;
  submittedAt: Instant;
  changedAt: Instant;
  refusal?: Refusal;
  /** Ahead is how many questions come before it in the running order; absent when not in it. */
  ahead?: number;
  /** Return is what is unclear, while State is returned and after. */
  return?: Return;
  conclusion?: Conclusion;
  onAirAt?: string;
  /**
   * Replay is the id of the question on air, its own or that of Into, where the replay of
   * the conference shows it to everybody.
   */
  replay?: string;
  reply?: Written;
  notes?: Note[];
  /**
   * Into is the question that stands for it when State is merged; Ahead, Conclusion and
   * OnAirAt are then that question's.
   */
  into?: StandIn;
  /**
   * Absent: the asker was invited and did not come, so that it is answered in writing, by
   * Agency (absent when nobody is known to).
   */
  absent?: boolean;
  agency?: string;
}

/**
 * StandIn is the question that stands for a merged one. Text is absent while it is not
 * public.
 */
export interface StandIn {
  id: string;
  state: QuestionState;
  text?: string;
}

/** Venue is a venue's place on the floor. */
export interface Venue {
  id: string;
  state: VenueState;
  connected: boolean;
  /** RFC 3339; absent: hand down */
  handAt?: string;
  /** stage and the venue pages */
  handNote?: string;
  spokenMs: number;
}

/** Floor is who has the word. */
export interface Floor {
  main: string;
  holder?: string;
  /** stage and venues */
  preview?: string;
  givenAt?: string;
  limitMs?: number;
  slate?: boolean;
  /** City Hall's picture stands beside the holder's */
  beside?: boolean;
}

/** Channel is the way a question came in. */
export type Channel =
  | "web"
  | "hall"
  | "desk"
  | "phone"
  | "zalo"
  | "import"
  | "registration";

/** ConferenceState is where a conference stands. */
export type ConferenceState =
  | "planned"
  | "open"
  | "closed";

/** Lang is the language of the sentences in Problem.Message. */
export type Lang =
  | "vi"
  | "en";

/** LineCause is why a line is not good. */
export type LineCause =
  | "nothing"
  | "noPicture"
  | "noSound"
  | "upWeak"
  | "cpu"
  | "lossUp"
  | "leftUp"
  | "lossDown"
  | "downWeak"
  | "delay"
  | "jitter"
  | "freezes"
  | "unheard";

/** LineGrade is what a venue's line is worth, in one word. */
export type LineGrade =
  | "good"
  | "fair"
  | "weak"
  | "none";

/** LineLimit is why an encoder holds back (W3C's qualityLimitationReason). */
export type LineLimit =
  | "none"
  | "bandwidth"
  | "cpu"
  | "other";

/** LineSign is something about a microphone or camera that a person should look at. */
export type LineSign =
  | "black"
  | "frozen"
  | "cameraMuted"
  | "micMuted"
  | "virtualCamera"
  | "virtualMic"
  | "deviceChanged"
  | "testPicture"
  | "testSound"
  | "hidden"
  | "silent"
  | "echo";

/** LineWay is how media gets through. */
export type LineWay =
  | "udp"
  | "tcp"
  | "tls";

/** ProblemKind sorts refusals by what the one who asked can do about it. */
export type ProblemKind =
  | "invalid"
  | "unauthorised"
  | "forbidden"
  | "notFound"
  | "conflict"
  | "tooLarge"
  | "rateLimited"
  | "unavailable"
  | "pending"
  | "internal";

/** QuestionState is where a question stands; docs/questions.md draws the way between them. */
export type QuestionState =
  | "submitted"
  | "held"
  | "pending"
  | "claimed"
  | "returned"
  | "approved"
  | "queued"
  | "staged"
  | "onAir"
  | "recalled"
  | "partAnswered"
  | "answered"
  | "written"
  | "refused"
  | "redirected"
  | "merged"
  | "withdrawn"
  | "carriedOver";

/** RecordingState is whether there is something to replay. */
export type RecordingState =
  | "none"
  | "live"
  | "kept"
  | "removed";

/** Role is what a person is in a conference. */
export type Role =
  | "citizen"
  | "venue"
  | "moderator"
  | "stage"
  | "screen"
  | "registrar"
  | "official"
  | "admin"
  | "system";

/** SlotKind is what a receive slot is for. */
export type SlotKind =
  | "programme"
  | "return"
  | "voice"
  | "tile";

/** VenueState is where a venue stands. */
export type VenueState =
  | "offline"
  | "connected"
  | "ready"
  | "queued"
  | "preview"
  | "live";

/** Visibility is who may read an approved question. */
export type Visibility =
  | "private"
  | "text"
  | "textName";

/** Commands maps the name of each command to its body. */
export interface Commands {
  "question.submit": QuestionSubmit;
  "question.withdraw": QuestionCode;
  "question.contact": QuestionCode;
  "question.called": QuestionCalled;
  "question.amend": QuestionAmend;
  "channel.freeze": ChannelFreeze;
  "question.similar": QuestionSimilar;
  "question.vote": QuestionVote;
  "question.claim": QuestionClaim;
  "question.keep": QuestionRef;
  "question.release": QuestionRef;
  "question.undo": QuestionRef;
  "question.unqueue": QuestionRef;
  "question.stage": QuestionRef;
  "question.air": QuestionRef;
  "question.recall": QuestionRef;
  "question.approve": QuestionApprove;
  "question.edit": QuestionEdit;
  "question.return": QuestionReturn;
  "question.write": QuestionWrite;
  "question.merge": QuestionMerge;
  "question.answer": QuestionAnswer;
  "promise.assign": PromiseAssign;
  "promise.note": PromiseNote;
  "promise.keep": PromiseKeep;
  "question.refuse": QuestionRefuse;
  "question.redirect": QuestionRefuse;
  "question.queue": QuestionQueue;
  "hand.raise": HandRaise;
  "hand.lower": VenueRef;
  "floor.preview": VenueRef;
  "floor.takeBack": VenueRef;
  "floor.give": FloorGive;
  "programme.slate": ProgrammeSlate;
  "programme.beside": ProgrammeBeside;
  "media.join": MediaOffer;
  "media.restart": MediaOffer;
  "media.tiles": MediaTiles;
  "media.talk": MediaTalk;
  "media.look": MediaLook;
  "question.calls": Nothing;
  "venue.ready": Nothing;
  "venue.notReady": Nothing;
  "floor.cityHall": Nothing;
  "media.leave": Nothing;
  "conference.open": Nothing;
  "conference.close": Nothing;
  "line.report": LineReport;
}

export type CommandName = keyof Commands;
