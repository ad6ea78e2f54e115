import { describe, expect, it } from 'vitest';
import { chooseLayers } from './send';

class FakeSender {
  sets = 0;
  encodings: RTCRtpEncodingParameters[];
  constructor(...rids: string[]) {
    this.encodings = rids.map((rid) => ({ rid, active: true }));
  }
  getParameters(): RTCRtpSendParameters {
    return { encodings: this.encodings.map((e) => ({ ...e })) } as unknown as RTCRtpSendParameters;
  }
  setParameters(parameters: RTCRtpSendParameters): Promise<void> {
    this.sets += 1;
    this.encodings = parameters.encodings;
    return Promise.resolve();
  }
  get active(): string[] {
    return this.encodings.filter((e) => e.active).map((e) => e.rid ?? '');
  }
  get asSender(): RTCRtpSender {
    return this as unknown as RTCRtpSender;
  }
}

describe('M10 chooseLayers', () => {
  it('stops what nobody needs and starts it again', async () => {
    const sender = new FakeSender('h', 'm', 'l');
    expect(await chooseLayers(sender.asSender, ['l'])).toBe(true);
    expect(sender.active).toEqual(['l']);
    expect(await chooseLayers(sender.asSender, ['h', 'm', 'l'])).toBe(true);
    expect(sender.active).toEqual(['h', 'm', 'l']);
    expect(await chooseLayers(sender.asSender, ['m', 'l'])).toBe(true);
    expect(await chooseLayers(sender.asSender, undefined)).toBe(true);
    expect(sender.active).toEqual(['h', 'm', 'l']);
  });

  it('does not touch what is right already, nor a camera of one layer', async () => {
    const sender = new FakeSender('h', 'm', 'l');
    expect(await chooseLayers(sender.asSender, ['l', 'm', 'h'])).toBe(false);
    const single = new FakeSender('');
    expect(await chooseLayers(single.asSender, ['l'])).toBe(false);
    expect(single.active).toEqual(['']);
    expect(sender.sets + single.sets).toBe(0);
  });
});
