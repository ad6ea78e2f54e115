import { catalogue } from '../language.svelte';
import en from './en';
import vi from './vi';

export const lineWords = catalogue({ vi, en });
