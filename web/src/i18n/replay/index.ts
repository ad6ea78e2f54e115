import { catalogue } from '../language.svelte';
import vi from './vi';

export const replay = catalogue({ vi, en: () => import('./en') });
