import { MaxQuestionRunes } from '../wire/wire.gen';
import type { Info } from './info.svelte';
import { e164 } from './phone';
import type { Words } from './slip.svelte';

/** The fields, in the order they stand on the page. */
export const fields = [
  'name', 'phone', 'code', 'commune', 'organisation', 'email', 'idNumber', 'place', 'venue', 'topic', 'question', 'privacy',
] as const;
export type FieldName = (typeof fields)[number];

/** What the page itself finds wrong. */
export type Fault =
  | 'noName' | 'noPhone' | 'badPhone' | 'noCode' | 'badEmail' | 'badIdNumber' | 'noPlace' | 'noVenue' | 'noTopic' | 'tooLong' | 'noPrivacy';

/** As long as the server takes each; characters. */
export const longest = { name: 80, commune: 120, organisation: 200, email: 254, idNumber: 20 } as const;

/** The length as the server counts it: runes after NFC. */
export function runes(text: string): number {
  return [...text.normalize('NFC').trim()].length;
}

/** What is wrong, by field; the server has the last word. */
export function faultsOf(words: Words, info: Info): Partial<Record<FieldName, Fault>> {
  const faults: Partial<Record<FieldName, Fault>> = {};
  if (words.name.trim() === '') faults.name = 'noName';
  if (words.phone.trim() === '') faults.phone = 'noPhone';
  else if (e164(words.phone) === '') faults.phone = 'badPhone';
  if (info.verifyPhone && !/^\d{6}$/.test(words.code.replace(/\s/g, ''))) faults.code = 'noCode';
  if (words.email.trim() !== '' && !/^[^\s@,;<>"]+@[^\s@,;<>".]+(\.[^\s@,;<>".]+)+$/.test(words.email.trim())) faults.email = 'badEmail';
  if (info.askIdNumber && words.idNumber.trim() !== '' && !/^[0-9A-Za-z]{6,20}$/.test(words.idNumber.replace(/\s/g, ''))) {
    faults.idNumber = 'badIdNumber';
  }
  if (words.place === '') faults.place = 'noPlace';
  else if (words.place === 'venue' && !info.venues.some((venue) => venue.id === words.venue)) faults.venue = 'noVenue';
  const asked = runes(words.question);
  if (asked > MaxQuestionRunes) faults.question = 'tooLong';
  if (asked > 0 && !info.topics.some((topic) => topic.id === words.topic)) faults.topic = 'noTopic';
  if (words.privacy !== info.privacy.version) faults.privacy = 'noPrivacy';
  return faults;
}

/** The field that a refusal of the server is about; undefined when it is about none. */
export function fieldOf(code: string): FieldName | undefined {
  switch (code) {
    case 'registration.no_name':
    case 'registration.name_too_long':
      return 'name';
    case 'registration.no_phone':
    case 'registration.bad_phone':
    case 'registration.phone_taken':
    case 'verification.country':
      return 'phone';
    case 'verification.needed':
    case 'verification.wrong':
    case 'verification.too_many':
    case 'verification.unsent':
    case 'verification.exhausted':
      return 'code';
    case 'registration.commune_too_long':
      return 'commune';
    case 'registration.organisation_too_long':
      return 'organisation';
    case 'registration.bad_email':
      return 'email';
    case 'registration.bad_id_number':
      return 'idNumber';
    case 'registration.no_venue':
      return 'place';
    case 'registration.unknown_venue':
    case 'registration.no_seats':
      return 'venue';
    case 'registration.unknown_topic':
    case 'question.unknown_topic':
      return 'topic';
    case 'question.too_long':
    case 'question.empty':
      return 'question';
    case 'registration.no_consent':
    case 'registration.bad_consent':
    case 'registration.consent_outdated':
      return 'privacy';
    default:
      return undefined;
  }
}
