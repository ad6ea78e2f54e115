import { catalogue } from '../language.svelte';
import vi from './vi';

export const admin = catalogue({ vi, en: () => import('./en') });
