import { catalogue } from '../language.svelte';
import vi from './vi';

export const common = catalogue({ vi, en: () => import('./en') });
