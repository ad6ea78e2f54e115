import { catalogue } from '../language.svelte';
import vi from './vi';

/** Typing a question in for somebody, and the slip they get. */
export const entry = catalogue({ vi, en: () => import('./en') });
