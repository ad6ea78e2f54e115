import { catalogue } from '../language.svelte';
import vi from './vi';

/** What is told beside a due date. */
export const workday = catalogue({ vi, en: () => import('./en') });
