import { catalogue } from '../language.svelte';
import vi from './vi';

/** The words of the ticket's page. */
export const ticketWords = catalogue({ vi, en: () => import('./en') });
