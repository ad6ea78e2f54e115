const vi = {
  title: 'Bàn đón tiếp',
  enter: 'Nhập câu hỏi giúp người dân',
  intro: 'Gõ theo lời người hỏi, đọc lại cho họ nghe, rồi ghi nhận. In phiếu có mã và đưa cho họ giữ.',
  closed: 'Hội nghị đã kết thúc, không nhận thêm câu hỏi.',
  frozen: 'Ban tổ chức đang tạm ngưng nhận câu hỏi từ bàn đón tiếp.',
  entered: (count: number) => `${count} câu đã nhập từ trang này`,
};

export type Messages = typeof vi;
export default vi;
