import { catalogue } from '../language.svelte';
import vi from './vi';

export const track = catalogue({ vi, en: () => import('./en') });
