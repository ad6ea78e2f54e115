const vi = {
  door: {
    title: 'Khiếu nại, tố cáo có nơi giải quyết riêng',
    text: 'Khiếu nại, tố cáo được giải quyết theo thủ tục riêng, không trả lời tại hội nghị này.',
    complaint: 'Khiếu nại: bạn không đồng ý với một quyết định hoặc việc làm của cơ quan đối với mình.',
    denunciation: 'Tố cáo: bạn báo hành vi vi phạm pháp luật của một người hoặc cơ quan.',
    where: 'Nơi tiếp nhận',
    anywhere: 'Trụ sở tiếp công dân hoặc bộ phận tiếp công dân nơi bạn ở',
    mentioned: 'Bạn có nhắc đến khiếu nại hoặc tố cáo. Nếu chỉ muốn hỏi về thủ tục, bạn cứ gửi.',
  },
  text: {
    needBody: 'Xin viết nội dung câu hỏi.',
    tooLong: (over: number) => `Dài quá ${over} ký tự. Xin rút gọn.`,
    body: 'Nội dung câu hỏi',
    bodyHint: 'Viết một câu hỏi, càng cụ thể càng tốt: thủ tục gì, nộp ở đâu, từ khi nào.',
    counter: (used: number, most: number) => `${used} / ${most} ký tự`,
    draft: 'Bản nháp được giữ trên máy này.',
    name: 'Tên của bạn',
    optional: 'không bắt buộc',
    nameHint: 'Chỉ người duyệt thấy, trừ khi bạn đồng ý bên dưới.',
    mayName: 'Được nêu tên tôi khi câu hỏi hiện công khai',
    privacy: 'Câu hỏi được chọn sẽ hiện công khai. Xin đừng ghi số điện thoại, số căn cước hay địa chỉ nhà.',
  },
  similar: {
    title: (count: number) => `Đã có ${count} câu hỏi gần giống`,
    text: 'Nếu câu dưới đây đúng điều bạn muốn hỏi, hãy theo dõi và ủng hộ câu ấy: có câu trả lời sớm hơn.',
    follow: 'Theo dõi câu này, không gửi nữa',
    followed: 'Bạn đang theo dõi câu này. Câu ấy đứng đầu danh sách và trong “Câu hỏi của tôi”.',
    drop: 'Bỏ bản nháp của tôi',
  },
  outbox: {
    waiting: 'Câu hỏi đang chờ gửi: đã được giữ trên máy này và sẽ tự gửi khi có mạng. Bạn có thể đóng trang rồi mở lại.',
    sending: 'Câu hỏi đang được gửi đi.',
    proving:
      'Đang có rất nhiều câu hỏi cùng gửi đến. Máy này đang tự giải một phép tính nhỏ rồi sẽ gửi ngay, chỉ mất vài giây. Nếu không gửi được, xin nhờ cán bộ tại hội trường hoặc gọi điện cho ban tổ chức để được ghi câu hỏi giúp.',
    refused: 'Câu hỏi chưa được nhận',
    advice: {
      mend: 'Xin sửa lại rồi bấm gửi. Lời bạn viết vẫn ở trên máy này.',
      opens: 'Lời bạn viết vẫn ở trên máy này. Hội nghị chỉ nhận câu hỏi trong lúc đang mở.',
      staff: 'Xin đợi vài phút rồi bấm gửi lại, hoặc nhờ cán bộ tại hội trường ghi giúp, hoặc gọi điện cho ban tổ chức.',
      again: 'Lời bạn viết vẫn ở trên máy này. Xin đợi vài phút rồi bấm gửi lại.',
    },
    replay: 'Xem lại theo từng câu hỏi',
    closed: 'Hội nghị đã kết thúc và không nhận thêm câu hỏi.',
    kept: 'Bản nháp của bạn, chưa gửi:',
  },
  asked: {
    text: 'Hãy giữ mã này. Chỉ người có mã mới xem được câu hỏi đang ở đâu.',
    code: 'Mã câu hỏi',
    follow: 'Theo dõi câu hỏi này',
    again: 'Gửi câu hỏi khác',
  },
};

export type Messages = typeof vi;
export default vi;
