import { catalogue } from '../language.svelte';
import vi from './vi';

/** The words of the form people register by. */
export const register = catalogue({ vi, en: () => import('./en') });
