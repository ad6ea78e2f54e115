import { catalogue } from '../language.svelte';
import vi from './vi';

export const moderate = catalogue({ vi, en: () => import('./en') });
