import { catalogue } from '../i18n/language.svelte';

const vi = {
  label: 'Hình và tiếng của hội nghị',
  says: {
    loading: 'Đang nối với hội nghị…',
    waiting: 'Hội nghị chưa bắt đầu phát.',
    offline: 'Máy của bạn đang mất mạng.',
    reconnecting: 'Mất đường truyền. Đang nối lại…',
    full: 'Đã hết chỗ xem trực tiếp.',
    no_h264: 'Trình duyệt này không xem được hình H.264.',
    ended: 'Hội nghị đã kết thúc.',
  },
  more: {
    waiting: 'Trang tự thử lại. Khi hội nghị bắt đầu, hình sẽ hiện ở đây.',
    offline: 'Có mạng trở lại là hình tự chạy tiếp. Câu hỏi bạn đang viết vẫn được giữ trên máy.',
    full: 'Trong lúc chờ, bạn vẫn đọc được các câu hỏi và gửi câu hỏi ở trang này.',
    no_h264: 'Xin mở trang bằng Chrome, Edge, Safari hoặc Firefox bản mới. Bạn vẫn đọc được các câu hỏi và gửi câu hỏi ở trang này.',
    ended: 'Cảm ơn bạn đã theo dõi. Các câu hỏi và kết luận vẫn xem được ở trang này.',
  },
  again: (seconds: number) => `Trang tự thử lại sau ${seconds} giây.`,
  tryNow: 'Thử ngay',
  soundOn: 'Bật tiếng',
  soundOff: 'Tắt tiếng',
  soundOnly: 'Đang nghe tiếng, không tải hình',
  quality: 'Chất lượng hình',
  qualities: {
    auto: 'Tự động',
    high: 'Hình nét',
    medium: 'Hình vừa',
    low: 'Hình nhẹ',
    sound: 'Chỉ nghe tiếng',
  },
  subtitles: 'Phụ đề',
  noSubtitles: 'Không phụ đề',
  speaking: 'Đang phát biểu: ',
  fullScreen: 'Toàn màn hình',
  exitFullScreen: 'Thoát toàn màn hình',
  pictureInPicture: 'Cửa sổ nhỏ',
  live: 'Trực tiếp',
  late: (seconds: number) => `Trực tiếp, chậm ${seconds} giây`,
};

export type Messages = typeof vi;

const en = {
  label: 'Picture and sound of the conference',
  says: {
    loading: 'Connecting to the conference…',
    waiting: 'The conference is not on the air yet.',
    offline: 'Your device has no network.',
    reconnecting: 'The connection was lost. Reconnecting…',
    full: 'All places for watching live are taken.',
    no_h264: 'This browser cannot show H.264 pictures.',
    ended: 'The conference has ended.',
  },
  more: {
    waiting: 'The page keeps trying. The picture appears here when the conference begins.',
    offline: 'The picture goes on by itself when the network is back. The question you are writing is kept on this device.',
    full: 'Meanwhile you can read the questions and ask your own on this page.',
    no_h264: 'Please open the page in a current Chrome, Edge, Safari or Firefox. You can still read the questions and ask your own on this page.',
    ended: 'Thank you for watching. The questions and conclusions stay on this page.',
  },
  again: (seconds: number) => `The page tries again in ${seconds} seconds.`,
  tryNow: 'Try now',
  soundOn: 'Turn sound on',
  soundOff: 'Turn sound off',
  soundOnly: 'Sound only, no picture is loaded',
  quality: 'Picture quality',
  qualities: {
    auto: 'Automatic',
    high: 'Sharp picture',
    medium: 'Medium picture',
    low: 'Light picture',
    sound: 'Sound only',
  },
  subtitles: 'Subtitles',
  noSubtitles: 'No subtitles',
  speaking: 'Speaking now: ',
  fullScreen: 'Full screen',
  exitFullScreen: 'Leave full screen',
  pictureInPicture: 'Small window',
  live: 'Live',
  late: (seconds: number) => `Live, ${seconds} seconds behind`,
} satisfies Messages;

export const playerWords = catalogue<Messages>({ vi, en });
