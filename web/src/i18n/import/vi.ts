const vi = {
  title: 'Nhập câu hỏi thu thập trước',
  intro: 'Chọn tệp XLSX hoặc CSV, mỗi dòng một câu hỏi. Trang cho xem trước, chưa ghi gì; sửa tệp rồi chọn lại bao nhiêu lần cũng được.',
  template: 'Tải tệp mẫu (XLSX)',
  file: 'Tệp câu hỏi',
  topic: 'Lĩnh vực cho dòng không ghi',
  noTopic: 'Báo lỗi những dòng đó',
  reading: 'Đang đọc tệp…',
  writing: (count: number) => `Đang ghi nhận ${count} câu…`,
  counted: (usable: number, total: number) => `${usable} trong ${total} dòng dùng được.`,
  ignored: (heads: string) => `Các cột không dùng: ${heads}.`,
  preview: 'Những dòng đầu',
  problems: (count: number) => `${count} dòng cần xem lại`,
  row: 'Dòng',
  body: 'Câu hỏi',
  problem: 'Vướng gì',
  code: 'Mã',
  send: (count: number) => `Ghi nhận ${count} câu`,
  other: 'Chọn tệp khác',
  done: (count: number) => `Đã ghi nhận ${count} câu hỏi.`,
  again: 'Nhập lại cùng tệp không làm câu hỏi bị nhân đôi: dòng cũ giữ nguyên mã cũ.',
  codes: 'Tải danh sách mã (CSV)',
  more: (count: number) => `và ${count} dòng nữa`,
};

export type Messages = typeof vi;
export default vi;
