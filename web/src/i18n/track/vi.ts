import type { QuestionState } from '../../wire/wire.gen';

/** What each state means to the one who asked, in plain words. */
const meaning: Record<QuestionState, string> = {
  submitted: 'Máy chủ đã nhận câu hỏi của bạn và đang xếp vào hàng chờ.',
  pending: 'Câu hỏi đang chờ người duyệt đọc. Bạn không cần làm gì thêm.',
  claimed: 'Một người duyệt đang đọc câu hỏi của bạn.',
  approved: 'Câu hỏi đã được duyệt và hiện công khai. Ban tổ chức sẽ xếp thứ tự trả lời.',
  refused: 'Câu hỏi không được đưa ra hội nghị. Lý do và nơi có thể giải quyết ở bên dưới.',
  queued: 'Câu hỏi đã nằm trong danh sách trả lời tại hội nghị.',
  staged: 'Câu hỏi của bạn sẽ được nêu ngay tiếp theo. Hãy mở hình trực tiếp.',
  onAir: 'Câu hỏi của bạn đang được nêu và trả lời lúc này.',
  answered: 'Câu hỏi của bạn đã được trả lời tại hội nghị.',
  withdrawn: 'Bạn đã rút câu hỏi này. Câu hỏi không còn được xem xét.',
};

const vi = {
  title: 'Câu hỏi của bạn đang ở đâu?',
  meaning,
  other: 'Tra mã khác',
  notFound: 'Không có câu hỏi nào mang mã này',
  notFoundText: 'Xin kiểm tra lại từng chữ và số. Mã không có khoảng trắng.',
  asked: 'Nội dung bạn gửi',
  shown: 'Lời được dùng tại hội nghị',
  erased: 'Nội dung đã được xoá.',
  topic: 'Chủ đề',
  venue: 'Điểm cầu',
  sentAt: 'Gửi lúc',
  changedAt: 'Cập nhật lúc',
  conference: 'Hội nghị',
  watch: 'Xem hội nghị',
  ahead: (count: number) => (count === 0 ? 'Không còn câu hỏi nào phía trước.' : `Còn ${count} câu hỏi phía trước.`),
  path: 'Các bước',
  steps: {
    received: 'Đã nhận',
    read: 'Người duyệt đọc',
    approved: 'Được duyệt',
    queued: 'Vào danh sách trả lời',
    onAir: 'Nêu tại hội nghị',
    answered: 'Đã trả lời',
    refused: 'Không được chọn',
    withdrawn: 'Đã rút',
  },
  done: 'đã xong',
  now: 'đang ở bước này',
  refusal: 'Vì sao câu hỏi không được chọn',
  reason: 'Lý do',
  words: 'Lời nhắn của người duyệt',
  nextDoor: 'Nơi có thể giải quyết',
  withdraw: 'Rút câu hỏi',
  withdrawTitle: 'Rút câu hỏi này?',
  withdrawText: 'Câu hỏi sẽ không được duyệt hay trả lời nữa. Không thể lấy lại; bạn có thể gửi câu hỏi mới.',
  withdrawYes: 'Rút câu hỏi',
  withdrawNo: 'Giữ lại',
  withdrawn: 'Đã rút câu hỏi.',
};

export type Messages = typeof vi;
export default vi;
