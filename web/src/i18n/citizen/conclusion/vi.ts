const vi = {
  title: 'Kết luận',
  none: 'Đã trả lời xong tại hội nghị; không còn việc phải làm.',
  owes: (agency: string, due: string) => `${agency} thực hiện, chậm nhất ngày ${due}.`,
  rest: (agency: string, due: string) => `${agency} trả lời phần còn lại, chậm nhất ngày ${due}.`,
  writes: (agency: string, due: string) => `${agency} trả lời bằng văn bản, chậm nhất ngày ${due}.`,
  chair: 'Lời kết luận của chủ toạ',
};

export type Messages = typeof vi;
export default vi;
