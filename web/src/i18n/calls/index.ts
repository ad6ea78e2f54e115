import { catalogue } from '../language.svelte';
import vi from './vi';

export const calls = catalogue({ vi, en: () => import('./en') });
