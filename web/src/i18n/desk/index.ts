import { catalogue } from '../language.svelte';
import vi from './vi';

export const desk = catalogue({ vi, en: () => import('./en') });
