import { catalogue } from '../i18n/language.svelte';

export const playerWords = catalogue({
  vi: { label: 'Hình và tiếng của hội nghị' },
  en: { label: 'Picture and sound of the conference' },
});
