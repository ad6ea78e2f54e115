const vi = {
  title: 'Gọi lại cho người hỏi',
  intro: 'Nhập mã trên phiếu để xem số điện thoại và cơ quan mà người hỏi để lại. Chỉ bàn đón tiếp và quản trị xem được; xem xong hãy ẩn đi.',
  code: 'Mã câu hỏi',
  find: 'Tìm',
  needCode: 'Xin nhập mã câu hỏi.',
  unknown: 'Không có câu hỏi nào mang mã này. Xin kiểm tra lại từng ký tự.',
  phone: 'Điện thoại',
  name: 'Người hỏi',
  organisation: 'Cơ quan, tổ chức',
  asked: 'Ghi nhận',
  channel: {
    web: 'tự gửi',
    hall: 'tại điểm cầu',
    desk: 'tại bàn đón tiếp',
    phone: 'qua điện thoại',
    zalo: 'qua Zalo',
    import: 'trong bảng nhập',
    registration: 'khi đăng ký tham dự',
  },
  nothing: 'Người hỏi không để lại số điện thoại hay tên cơ quan, hoặc thông tin ấy đã được xóa.',
  close: 'Ẩn đi',
};

export type Messages = typeof vi;
export default vi;
