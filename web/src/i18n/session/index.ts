import { catalogue } from '../language.svelte';
import vi from './vi';

export const signIn = catalogue({ vi, en: () => import('./en') });
