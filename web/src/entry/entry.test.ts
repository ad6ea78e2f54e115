import { describe, expect, it } from 'vitest';
import { Entry } from './entry.svelte';

describe('Entry', () => {
  it('tells what is missing and sends nothing', () => {
    const asked = new Entry();
    expect(asked.wrong).toEqual({ body: '', topic: false });
    expect(asked.command()).toBeNull();
    expect(asked.wrong).toEqual({ body: 'empty', topic: true });
    asked.body = 'x'.repeat(601);
    expect(asked.wrong.body).toBe('long');
  });

  it('keeps its key for the same words, has another for others and for the next question', () => {
    const asked = new Entry();
    asked.body = '  Bao giờ cấp sổ?  ';
    asked.topic = 'so-do';
    const first = asked.command();
    expect(first).toMatchObject({ body: 'Bao giờ cấp sổ?', topic: 'so-do' });
    expect(first).not.toHaveProperty('venue');
    expect(first).not.toHaveProperty('name');
    expect(asked.command()?.idempotencyKey).toBe(first?.idempotencyKey);
    asked.name = 'Bà Hoa';
    const named = asked.command();
    expect(named).toMatchObject({ name: 'Bà Hoa', mayName: false });
    expect(named?.idempotencyKey).not.toBe(first?.idempotencyKey);
    expect(named).not.toHaveProperty('phone');
    asked.phone = ' 0912 345 678 ';
    asked.organisation = 'HTX Tân Tiến';
    expect(asked.command()).toMatchObject({ phone: '0912 345 678', organisation: 'HTX Tân Tiến' });
    asked.venue = 'phu-loc';
    asked.done('7KQ2M-9XWTB-H');
    expect(asked.venue).toBe('');
    expect([asked.body, asked.name, asked.phone, asked.organisation]).toEqual(['', '', '', '']);
    asked.body = 'Bao giờ cấp sổ?';
    expect(asked.command()?.idempotencyKey).not.toBe(first?.idempotencyKey);
  });

  it('sends one question at a time and keeps what is typed meanwhile', async () => {
    const asked = new Entry();
    asked.body = 'Câu của ông An';
    asked.topic = 'so-do';
    const sent: string[] = [];
    let answer: (code: string | undefined) => void = () => undefined;
    const send = (command: { body: string }): Promise<string | undefined> => {
      sent.push(command.body);
      return new Promise((resolve) => (answer = resolve));
    };
    const first = asked.submit(send);
    asked.body = 'Câu của bà Bình';
    expect(await asked.submit(send)).toBe(true);
    expect(sent).toEqual(['Câu của ông An']);
    answer('7KQ2M-9XWTB-H');
    expect(await first).toBe(true);
    expect([asked.code, asked.body]).toEqual(['7KQ2M-9XWTB-H', 'Câu của bà Bình']);
    const second = asked.submit(send);
    answer(undefined);
    await second;
    expect([sent[1], asked.body]).toEqual(['Câu của bà Bình', 'Câu của bà Bình']);
    const third = asked.submit(send);
    answer('8KQ2M-9XWTB-H');
    await third;
    expect([asked.code, asked.body]).toEqual(['8KQ2M-9XWTB-H', '']);
    expect(await asked.submit(send)).toBe(false);
  });

  it('goes back to the venue it belongs to', () => {
    const asked = new Entry('phu-loc');
    expect(asked.venue).toBe('phu-loc');
    asked.venue = '';
    asked.done('7KQ2M-9XWTB-H');
    expect(asked.venue).toBe('phu-loc');
  });
});
