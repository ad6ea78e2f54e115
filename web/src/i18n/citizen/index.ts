import { catalogue } from '../language.svelte';
import vi from './vi';

export const citizen = catalogue({ vi, en: () => import('./en') });
