const vi = {
  mine: {
    title: 'Câu hỏi của tôi',
    note: 'Danh sách chỉ lưu trên máy này.',
    remove: (code: string) => `Bỏ mã ${code} khỏi danh sách`,
    loading: 'Đang hỏi máy chủ…',
    unclear: 'Cần bạn viết rõ hơn: bấm để sửa',
    ahead: (count: number) => (count === 0 ? 'Sẽ được hỏi tiếp theo' : `Còn ${count} câu hỏi phía trước`),
    followed: 'Câu tôi theo dõi',
    gone: 'Câu này không còn hiện công khai.',
    unfollow: (text: string) => `Bỏ theo dõi: ${text}`,
  },
  list: {
    count: (count: number) => `${count} câu hỏi`,
    topic: 'Chủ đề',
    venue: 'Điểm cầu',
    all: 'Tất cả',
    sort: 'Sắp xếp',
    sorts: { order: 'Theo thứ tự trả lời', votes: 'Nhiều người ủng hộ', newest: 'Mới nhất' },
    empty: 'Chưa có câu hỏi nào được duyệt',
    emptyText: 'Câu hỏi của người dân sẽ hiện ở đây sau khi được duyệt.',
    noMatch: 'Không có câu hỏi nào khớp với lựa chọn này',
    more: 'Xem thêm',
    asked: (time: string) => `Gửi lúc ${time}`,
    by: (name: string) => `Người hỏi: ${name}`,
    private: 'Hội nghị này không công khai danh sách câu hỏi.',
    vote: 'Ủng hộ',
    votes: (count: number) => `${count} người ủng hộ`,
    follow: 'Theo dõi',
  },
};

export type Messages = typeof vi;
export default vi;
