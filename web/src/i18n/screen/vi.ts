const vi = {
  title: 'Màn hình hội trường',
  idle: 'Hội nghị đối thoại trực tuyến',
  ask: 'Gửi câu hỏi tại',
  floor: 'Đang phát biểu',
  soon: 'Hội nghị sắp bắt đầu',
  closed: 'Hội nghị đã kết thúc. Xin cảm ơn quý vị.',
  reconnecting: 'Đang nối lại',
  from: 'Câu hỏi từ',
  question: 'Câu hỏi',
};

export type Messages = typeof vi;
export default vi;
