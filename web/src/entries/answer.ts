import { page } from '../ui/page';
import Page from '../answer/AnswerPage.svelte';

page(Page);
