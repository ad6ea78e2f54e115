import { catalogue } from '../language.svelte';
import vi from './vi';

/** Importing a table of questions. */
export const importing = catalogue({ vi, en: () => import('./en') });
