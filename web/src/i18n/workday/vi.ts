const vi = {
  today: 'Hạn là hôm nay.',
  left: (days: number) => `${days} ngày làm việc kể từ ngày mai`,
  without: (names: string) => `, đã trừ ngày nghỉ: ${names}.`,
  official: ', không vướng ngày nghỉ lễ.',
  provisional: ' Lịch nghỉ của quãng này mới là dự kiến.',
  unknown: ', chưa trừ ngày nghỉ lễ: chưa có lịch nghỉ của năm này.',
  free: (name: string) => `Ngày này cơ quan nghỉ: ${name}.`,
  weekend: 'Ngày này là cuối tuần, cơ quan nghỉ.',
};

export type Messages = typeof vi;
export default vi;
