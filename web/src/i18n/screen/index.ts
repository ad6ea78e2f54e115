import { catalogue } from '../language.svelte';
import vi from './vi';

export const screen = catalogue({ vi, en: () => import('./en') });
