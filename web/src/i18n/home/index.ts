import { catalogue } from '../language.svelte';
import vi from './vi';

/** The words of the front page and of the form for a tracking code. */
export const home = catalogue({ vi, en: () => import('./en') });
