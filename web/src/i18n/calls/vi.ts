const vi = {
  title: 'Danh sách cần gọi lại',
  intro: 'Những người hỏi để lại số điện thoại, ai chờ lâu nhất đứng đầu. Xem xong hãy ẩn đi để người khác không đọc được.',
  show: 'Xem danh sách',
  again: 'Tải lại',
  hide: 'Ẩn đi',
  left: (waiting: number, called: number) => `${waiting} người chờ gọi, ${called} người đã gọi`,
  none: 'Không còn ai chờ gọi lại.',
  withCalled: 'Xem cả những người đã gọi',
  more: (shown: number) => `Danh sách chỉ hiện ${shown} người đầu; gọi xong sẽ hiện tiếp.`,
  nameless: 'Không ghi tên',
  question: (code: string) => `Câu hỏi ${code}`,
  called: 'Đã gọi',
  calledFor: (who: string) => `Đã gọi cho ${who}`,
  by: (person: string, at: string) => `Đã gọi: ${person}, ${at}`,
  somebody: 'bàn đón tiếp',
  undo: 'Chưa gọi được',
  undoFor: (who: string) => `Chưa gọi được cho ${who}`,
  noted: (who: string) => `Đã ghi: đã gọi cho ${who}.`,
  takenBack: (who: string) => `Đã ghi: chưa gọi được cho ${who}.`,
};

export type Messages = typeof vi;
export default vi;
