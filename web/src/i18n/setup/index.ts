import { catalogue } from '../language.svelte';
import vi from './vi';

export const setupWords = catalogue({ vi, en: () => import('./en') });
