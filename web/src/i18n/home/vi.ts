const vi = {
  title: 'Đối thoại trực tuyến giữa lãnh đạo Thành phố và người dân',
  lead: 'Xem trực tiếp, gửi câu hỏi và theo dõi câu trả lời, từ bất cứ đâu, không cần tài khoản.',
  running: 'Đang diễn ra',
  coming: 'Sắp diễn ra',
  past: 'Đã kết thúc',
  empty: 'Chưa có hội nghị nào được công bố',
  emptyText: 'Khi có lịch, hội nghị sẽ hiện ở đây.',
  venues: (count: number) => `${count} điểm cầu`,
  open: 'Vào xem và gửi câu hỏi',
  see: 'Xem chương trình và chuẩn bị câu hỏi',
  seePast: 'Xem các câu hỏi',
  register: 'Đăng ký tham dự',
  ticket: 'Xem vé bằng mã vé',
  code: {
    title: 'Tra cứu câu hỏi',
    label: 'Mã câu hỏi',
    hint: 'Mã gồm chữ và số, được cấp khi bạn gửi câu hỏi.',
    submit: 'Tra cứu',
    missing: 'Xin nhập mã câu hỏi.',
  },
};

export type Messages = typeof vi;
export default vi;
