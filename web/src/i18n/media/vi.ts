/** Words about picture and sound that the venue, stage and player share. */
const vi = {
  programme: 'Hình và tiếng chung của hội nghị',
  pictureOf: (venue: string) => `Hình từ ${venue}`,
  waitingPicture: 'Chưa có hình',
  soundOn: 'Bật tiếng',
  soundOff: 'Tắt tiếng',
  soundBlocked: 'Trình duyệt chưa cho phát tiếng. Xin bấm «Bật tiếng» một lần nữa.',
  phase: {
    idle: 'Chưa nối hình và tiếng',
    joining: 'Đang nối hình và tiếng…',
    connected: 'Hình và tiếng đã nối',
    unsteady: 'Đường truyền chập chờn, đang giữ kết nối…',
    restarting: 'Mất đường truyền, đang nối lại…',
    lost: 'Mất đường truyền, đang nối lại…',
    waiting: 'Mất đường truyền. Trang tự nối lại, xin đừng đóng.',
    stopped: 'Đã ngắt hình và tiếng',
  },
  clock: {
    spoken: 'Đã nói',
    left: 'Còn lại',
    over: 'Quá giờ',
  },
};

export type Messages = typeof vi;
export default vi;
