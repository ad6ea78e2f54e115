package conference

// Reason returns the entry of the refusal catalogue with the code.
func (i *Info) Reason(code string) (Reason, bool) {
	for _, r := range i.Reasons {
		if r.Code == code {
			return r, true
		}
	}
	return Reason{}, false
}

// DefaultReasons returns the refusal catalogue of a conference that brings none. Every
// entry names the next door: a refusal without one is what citizens complain of most.
func DefaultReasons() []Reason {
	return []Reason{
		{
			Code:       "offTopic",
			Text:       "Câu hỏi nằm ngoài nội dung của hội nghị này.",
			TextEn:     "The question is outside the subject of this conference.",
			NextDoor:   "Gửi câu hỏi đến cơ quan chuyên môn phụ trách lĩnh vực, qua Cổng dịch vụ công hoặc ứng dụng iHanoi; cơ quan đó sẽ trả lời bằng văn bản.",
			NextDoorEn: "Send it to the department in charge, through the public service portal or the iHanoi app; you will be answered in writing.",
		},
		{
			Code:       "complaint",
			Text:       "Nội dung là khiếu nại hoặc tố cáo, được giải quyết theo thủ tục riêng, không thuộc hội nghị đối thoại.",
			TextEn:     "This is a complaint or a denunciation; the law gives it a procedure of its own, outside the dialogue.",
			NextDoor:   "Nộp đơn tại Ban Tiếp công dân Thành phố hoặc bộ phận tiếp công dân của Ủy ban nhân dân nơi xảy ra vụ việc.",
			NextDoorEn: "Hand it in at the City's Citizen Reception Office (Ban Tiếp công dân), or at the reception desk of the People's Committee concerned.",
		},
		{
			Code:       "unclear",
			Text:       "Câu hỏi chưa đủ rõ để cơ quan chức năng trả lời.",
			TextEn:     "The question is not clear enough to be answered.",
			NextDoor:   "Gửi lại câu hỏi, nêu rõ địa điểm, thủ tục và thời gian; nhân viên tại điểm cầu gần nhất có thể giúp viết.",
			NextDoorEn: "Send it again with the place, the procedure and the date; the staff of the nearest venue will help with the wording.",
		},
		{
			Code:       "duplicate",
			Text:       "Đã có câu hỏi cùng nội dung; câu trả lời sẽ dùng chung.",
			TextEn:     "The same question has been asked; one answer serves both.",
			NextDoor:   "Theo dõi câu hỏi cùng nội dung trên trang hội nghị, hoặc xem lại phần trả lời sau hội nghị.",
			NextDoorEn: "Follow the same question on the conference's page, or replay its answer afterwards.",
		},
		{
			Code:       "abusive",
			Text:       "Câu hỏi có lời lẽ xúc phạm hoặc đe dọa.",
			TextEn:     "The question contains insults or threats.",
			NextDoor:   "Gửi lại câu hỏi với lời lẽ phù hợp; nội dung góp ý vẫn được tiếp nhận tại Ban Tiếp công dân.",
			NextDoorEn: "Send it again in proper words; criticism is always received at the Citizen Reception Office.",
			TakesTwo:   true,
		},
		{
			Code:       "personalData",
			Text:       "Câu hỏi chứa thông tin cá nhân của bạn hoặc của người khác, không thể đưa lên công khai.",
			TextEn:     "The question contains personal data, yours or somebody else's, that cannot be shown in public.",
			NextDoor:   "Gửi lại câu hỏi không kèm tên, số điện thoại, số giấy tờ; hồ sơ cụ thể xin hỏi tại bộ phận một cửa nơi đã nộp.",
			NextDoorEn: "Send it again without names, phone or document numbers; ask about your own file at the one-stop desk where you handed it in.",
		},
		{
			Code:       "outsideAuthority",
			Text:       "Vấn đề không thuộc thẩm quyền giải quyết của Thành phố.",
			TextEn:     "The matter is not within the City's authority.",
			NextDoor:   "Gửi kiến nghị đến bộ, ngành có thẩm quyền qua Cổng dịch vụ công quốc gia, hoặc đến Đoàn đại biểu Quốc hội Thành phố.",
			NextDoorEn: "Write to the ministry in charge through the National Public Service Portal, or to the City's National Assembly delegation.",
		},
	}
}
