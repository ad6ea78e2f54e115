import { catalogue } from '../../language.svelte';
import vi from './vi';

/** What the conference page says to somebody who reads the questions; fetched with that part. */
export const reading = catalogue({ vi, en: () => import('./en') });
