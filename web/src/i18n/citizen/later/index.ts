import { catalogue } from '../../language.svelte';
import vi from './vi';

/** What the conference page says once somebody writes or reads on; fetched with those parts. */
export const later = catalogue({ vi, en: () => import('./en') });
