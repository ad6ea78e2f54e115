const vi = {
  agenda: 'Chương trình',
  register: 'Đăng ký tham dự',
  unknown: {
    wrongLink: 'Xin kiểm tra lại đường dẫn, hoặc chọn hội nghị ở trang đầu.',
    all: 'Xem các hội nghị',
  },
  watch: {
    title: 'Truyền hình trực tiếp',
    play: 'Xem trực tiếp',
    note: 'Hình chỉ tải về khi bạn bấm xem.',
    planned: (when: string) => `Bắt đầu lúc ${when}`,
    closed: 'Hội nghị đã kết thúc',
    replay: 'Xem lại',
    failed: 'Không mở được trình phát. Xin kiểm tra mạng rồi thử lại.',
  },
  onAir: {
    title: 'Câu hỏi đang được trả lời',
    none: 'Hiện chưa có câu hỏi nào được nêu.',
    floor: (venue: string) => `Đang phát biểu: ${venue}`,
  },
  ask: {
    frozen: 'Tạm ngưng nhận câu hỏi qua mạng. Bạn cứ viết; hãy gửi lại sau ít phút.',
    title: 'Gửi câu hỏi',
    step: (step: number) => `Bước ${step} / 3`,
    kind: 'Bạn muốn hỏi, hay muốn khiếu nại, tố cáo?',
    question: 'Tôi muốn hỏi',
    questionText: 'Về thủ tục, thời hạn, chi phí, cách làm. Chọn việc cần hỏi ngay bên dưới.',
    complaint: 'Tôi muốn khiếu nại hoặc tố cáo',
    complaintText: 'Tôi không đồng ý với một quyết định, hoặc muốn báo việc làm sai.',
    topic: 'Câu hỏi của bạn về việc gì?',
    venue: 'Bạn hỏi từ điểm cầu nào?',
    venueHint: 'Không bắt buộc. Giúp chuyển câu hỏi tới đúng nơi.',
    online: 'Trực tuyến, không ở điểm cầu nào',
    next: 'Tiếp tục',
    back: 'Quay lại',
    submit: 'Gửi câu hỏi',
    sending: 'Đang gửi…',
    needTopic: 'Xin chọn một chủ đề.',
    planned: 'Hội nghị chưa mở. Bạn có thể soạn trước; bản nháp được giữ trên máy này.',
    notLoaded: 'Phần này chưa tải được. Lời bạn viết vẫn được giữ trên máy này.',
  },
  asked: 'Đã nhận câu hỏi của bạn',
  list: 'Các câu hỏi đã duyệt',
};

export type Messages = typeof vi;
export default vi;
