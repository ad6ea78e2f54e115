const vi = {
  title: 'Kết luận',
  none: 'Đã trả lời xong tại hội nghị; không còn việc phải làm.',
  owes: (agency: string, due: string) => `${agency} thực hiện, chậm nhất ngày ${due}.`,
  rest: (agency: string, due: string) => `${agency} trả lời phần còn lại, chậm nhất ngày ${due}.`,
  writes: (agency: string, due: string) => `${agency} trả lời bằng văn bản, chậm nhất ngày ${due}.`,
  absent: (agency: string) =>
    `Bạn được mời nhưng không đến được. Câu hỏi của bạn được trả lời bằng văn bản${agency ? `; cơ quan trả lời: ${agency}` : ''}.`,
  chair: 'Lời kết luận của chủ toạ',
  overdue: 'Đã quá hạn, chưa có trả lời.',
  replied: (when: string) => `Trả lời bằng văn bản lúc ${when}`,
  repliedBy: (person: string, when: string) => `${person} trả lời bằng văn bản lúc ${when}`,
  erased: 'Nội dung đã được xoá.',
  document: 'Mở văn bản kèm theo',
  replay: 'Xem lại lúc được trả lời',
  documentNo: (number: string) => `Văn bản số ${number}`,
};

export type Messages = typeof vi;
export default vi;
