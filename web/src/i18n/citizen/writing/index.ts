import { catalogue } from '../../language.svelte';
import vi from './vi';

/** What the conference page says to somebody who writes; fetched with that part. */
export const writing = catalogue({ vi, en: () => import('./en') });
