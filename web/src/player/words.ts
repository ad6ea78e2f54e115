import { catalogue } from '../i18n/language.svelte';

const vi = {
  label: 'Hình và tiếng của hội nghị',
  joining: 'Đang nối với hội nghị…',
  reconnecting: 'Mất đường truyền. Đang nối lại…',
  full: 'Đã hết chỗ xem trực tiếp.',
  fullText: (seconds: number) =>
    `Trang tự thử lại sau ${seconds} giây. Trong lúc chờ, bạn vẫn đọc được các câu hỏi và gửi câu hỏi ở trang này.`,
  closed: 'Hội nghị chưa phát, hoặc không phát công khai.',
  closedText: 'Trang tự thử lại. Khi hội nghị bắt đầu, hình sẽ hiện ở đây.',
  noH264: 'Trình duyệt này không xem được hình H.264.',
  noH264Text: 'Xin mở trang bằng Chrome, Edge, Safari hoặc Firefox bản mới. Bạn vẫn đọc được các câu hỏi và gửi câu hỏi ở trang này.',
  tryNow: 'Thử ngay',
  soundOn: 'Bật tiếng',
  soundOff: 'Tắt tiếng',
  fullScreen: 'Toàn màn hình',
  exitFullScreen: 'Thoát toàn màn hình',
  pictureInPicture: 'Cửa sổ nhỏ',
  live: 'Trực tiếp',
  late: 'Trực tiếp, chậm vài giây',
};

export type Messages = typeof vi;

const en = {
  label: 'Picture and sound of the conference',
  joining: 'Connecting to the conference…',
  reconnecting: 'The connection was lost. Reconnecting…',
  full: 'All places for watching live are taken.',
  fullText: (seconds: number) =>
    `The page tries again in ${seconds} seconds. Meanwhile you can read the questions and ask your own on this page.`,
  closed: 'The conference is not on the air, or not public.',
  closedText: 'The page keeps trying. The picture appears here when the conference begins.',
  noH264: 'This browser cannot show H.264 pictures.',
  noH264Text: 'Please open the page in a current Chrome, Edge, Safari or Firefox. You can still read the questions and ask your own on this page.',
  tryNow: 'Try now',
  soundOn: 'Turn sound on',
  soundOff: 'Turn sound off',
  fullScreen: 'Full screen',
  exitFullScreen: 'Leave full screen',
  pictureInPicture: 'Small window',
  live: 'Live',
  late: 'Live, some seconds behind',
} satisfies Messages;

export const playerWords = catalogue<Messages>({ vi, en });
