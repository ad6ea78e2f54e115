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
  asker: 'Người hỏi:',
  conclusion: 'Kết luận của chủ toạ',
  partly: 'Đã trả lời một phần',
  due: 'Chậm nhất',
  answers: (agency: string) => `${agency} trả lời bằng văn bản`,
};

export type Messages = typeof vi;
export default vi;
