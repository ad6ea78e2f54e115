import { describe, expect, it } from 'vitest';
import {
  askForSound,
  canReceiveH264,
  canSendH264,
  fmtp,
  oneVideo,
  orderAudio,
  orderVideo,
  slimOffer,
  tuneAnswer,
} from './codecs';
import { AUDIO, chromium, noH264, VIDEO } from './fakes';

describe('orderVideo', () => {
  it('puts constrained baseline at packetization-mode 1 first and keeps H.264 and RTX only', () => {
    const order = orderVideo(VIDEO).map(
      (c) => `${c.mimeType.slice(6)} ${fmtp(c.sdpFmtpLine, 'profile-level-id')}`,
    );
    expect(order).toEqual(['H264 42e01f', 'H264 42001f', 'H264 4d001f', 'H264 64001f', 'rtx ']);
  });

  it('is empty without H.264, so that nobody offers a lone RTX', () => {
    expect(orderVideo(noH264.send('video'))).toEqual([]);
  });
});

it('oneVideo lists the best profile and its repair', () => {
  expect(oneVideo(VIDEO).map((c) => `${c.mimeType} ${fmtp(c.sdpFmtpLine, 'profile-level-id')}`)).toEqual(
    ['video/H264 42e01f', 'video/rtx '],
  );
});

it('slimOffer drops header extensions the server does not know', () => {
  const mid = 'a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid\r\n';
  const offer = `m=video 9 X 96\r\na=extmap:3 urn:3gpp:video-orientation\r\n${mid}a=mid:0\r\n`;
  expect(slimOffer(offer)).toBe(`m=video 9 X 96\r\n${mid}a=mid:0\r\n`);
});

it('orderAudio keeps Opus only', () => {
  expect(orderAudio(AUDIO).map((c) => c.mimeType)).toEqual(['audio/opus']);
});

it('tells whether the browser can encode and decode H.264', () => {
  expect([canSendH264(chromium), canReceiveH264(chromium)]).toEqual([true, true]);
  expect([canSendH264(noH264), canReceiveH264(noH264)]).toEqual([false, false]);
});

describe('tuneAnswer', () => {
  const answer = [
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'a=rtpmap:111 opus/48000/2',
    'a=fmtp:111 minptime=10;usedtx=1',
    'm=video 9 UDP/TLS/RTP/SAVPF 102 103',
    'a=rtpmap:102 H264/90000',
    'a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
    'a=rtpmap:103 rtx/90000',
    'a=fmtp:103 apt=102',
    '',
  ].join('\r\n');
  const lines = tuneAnswer(answer).split('\r\n');

  it('turns silence suppression off and repair on', () => {
    expect(lines[2]).toBe('a=fmtp:111 minptime=10;useinbandfec=1;usedtx=0;maxaveragebitrate=48000');
  });

  it('adds a start bitrate to H.264 and leaves the rest as it was', () => {
    expect(lines[5]).toContain('profile-level-id=42e01f;x-google-start-bitrate=1000');
    expect(lines[7]).toBe('a=fmtp:103 apt=102');
    expect(lines).toHaveLength(answer.split('\r\n').length);
  });

  it('is the same when applied twice', () => {
    expect(tuneAnswer(tuneAnswer(answer))).toBe(tuneAnswer(answer));
  });
});

describe('askForSound', () => {
  const offer = [
    'm=audio 9 UDP/TLS/RTP/SAVPF 111 9',
    'a=rtpmap:111 opus/48000/2',
    'a=rtcp-fb:111 transport-cc',
    'a=rtpmap:9 G722/8000',
    'm=video 9 UDP/TLS/RTP/SAVPF 102',
    'a=rtpmap:102 H264/90000',
    '',
  ].join('\r\n');

  it('offers NACK for Opus and for nothing else', () => {
    const lines = askForSound(offer).split('\r\n');
    expect(lines.filter((l) => l.endsWith(' nack'))).toEqual(['a=rtcp-fb:111 nack']);
    expect(lines.indexOf('a=rtcp-fb:111 nack')).toBe(2);
    expect(lines).toHaveLength(offer.split('\r\n').length + 1);
  });

  it('is the same when applied twice', () => {
    expect(askForSound(askForSound(offer))).toBe(askForSound(offer));
  });
});
