const enterRoom = 'Vào phòng điều hành';

const vi = {
  linkTitle: 'Đường dẫn này được cấp cho',
  person: 'Người nhận',
  role: 'Vai trò',
  venue: 'Điểm cầu',
  conference: 'Hội nghị',
  expires: 'Dùng được đến',
  onceOnly: 'Đường dẫn chỉ dùng được một lần. Bấm nút khi bạn đã ngồi ở máy sẽ làm việc.',
  demoLink: 'Đường dẫn diễn tập: dùng lại được cho đến khi máy chủ dừng.',
  enter: {
    citizen: enterRoom,
    venue: 'Vào điểm cầu',
    moderator: 'Vào phòng duyệt câu hỏi',
    stage: enterRoom,
    screen: 'Mở màn hình hội trường',
    registrar: 'Vào bàn đón tiếp',
    official: 'Vào trang trả lời',
    admin: 'Vào trang quản trị',
    system: enterRoom,
  },
  noneTitle: 'Bạn cần một đường dẫn để vào',
  noneText: 'Trang này dành cho người làm việc tại hội nghị. Không có tài khoản hay mật khẩu; mỗi người được cấp một đường dẫn riêng.',
  noneSteps: [
    'Tìm đường dẫn mà ban tổ chức đã gửi cho bạn qua tin nhắn, thư điện tử hoặc mã QR.',
    'Mở đường dẫn đó trên chính máy này, rồi bấm nút để vào.',
    'Nếu đường dẫn đã dùng hoặc hết hạn, hãy xin người quản trị hội nghị cấp đường dẫn mới.',
  ],
  publicPages: 'Bạn là người dân? Xem các hội nghị và gửi câu hỏi',
};

export type Messages = typeof vi;
export default vi;
