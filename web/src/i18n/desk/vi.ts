const vi = {
  title: 'Bàn đón tiếp',
  soon: 'Bàn đón tiếp chưa mở',
  text: 'Việc đăng ký chỗ ngồi và quét vé chưa bắt đầu. Trang này sẽ dùng được khi ban tổ chức mở đăng ký.',
  until: 'Trong lúc chờ, người dân có thể gửi câu hỏi ở trang của hội nghị:',
  open: 'Mở trang của hội nghị',
};

export type Messages = typeof vi;
export default vi;
