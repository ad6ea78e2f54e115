const vi = {
  body: 'Lời người hỏi',
  topic: 'Lĩnh vực',
  choose: 'Chọn lĩnh vực',
  venue: 'Điểm cầu',
  noVenue: 'Không nêu',
  name: 'Tên người hỏi',
  mayName: 'Người hỏi đồng ý nêu tên',
  phone: 'Điện thoại người hỏi',
  phoneHint: 'Để gọi lại khi cần hỏi rõ hoặc báo kết quả. Chỉ bàn đón tiếp và quản trị xem được.',
  organisation: 'Cơ quan, tổ chức',
  organisationHint: 'Khi hỏi thay cho một nơi. Cũng chỉ bàn đón tiếp và quản trị xem được.',
  send: 'Ghi nhận câu hỏi',
  needBody: 'Xin ghi câu hỏi.',
  tooLong: (most: number) => `Câu hỏi dài quá ${most} ký tự.`,
  needTopic: 'Xin chọn lĩnh vực.',
  code: 'Đọc mã này cho người hỏi',
  codeHint: 'Người hỏi dùng mã này để xem câu hỏi đến đâu. Xin họ nhắc lại từng ký tự.',
  print: 'In phiếu',
  another: 'Nhập câu khác',
  slip: 'Phiếu câu hỏi',
  follow: 'Xem câu hỏi đến đâu tại',
  keep: 'Giữ kín mã này: ai có mã cũng xem và rút được câu hỏi.',
  counter: (used: number, most: number) => `${used} / ${most} ký tự`,
  optional: '(không bắt buộc)',
};

export type Messages = typeof vi;
export default vi;
