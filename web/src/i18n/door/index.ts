import { catalogue } from '../language.svelte';
import vi from './vi';

export const door = catalogue({ vi, en: () => import('./en') });
