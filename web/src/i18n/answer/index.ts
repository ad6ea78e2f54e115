import { catalogue } from '../language.svelte';
import vi from './vi';

export const answer = catalogue({ vi, en: () => import('./en') });
