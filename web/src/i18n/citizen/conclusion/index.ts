import { catalogue } from '../../language.svelte';
import vi from './vi';

/** What became of a question: who owes what by when. */
export const concluded = catalogue({ vi, en: () => import('./en') });
