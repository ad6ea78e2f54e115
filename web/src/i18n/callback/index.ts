import { catalogue } from '../language.svelte';
import vi from './vi';

export const callBack = catalogue({ vi, en: () => import('./en') });
