package signaling

// questionText has the sentences about questions.
func questionText(code string) text {
	switch code {
	case "question.empty":
		return text{"Câu hỏi đang trống. Hãy viết nội dung cần hỏi.", "The question is empty. Write what you want to ask."}
	case "question.too_long":
		return text{"Câu hỏi dài quá 600 ký tự. Hãy rút ngắn rồi gửi lại.", "The question is longer than 600 characters. Shorten it and send it again."}
	case "question.short_too_long":
		return text{"Câu rút gọn dài quá 600 ký tự. Hãy rút ngắn thêm.", "The wording for the screen is longer than 600 characters. Shorten it."}
	case "question.text_too_long":
		return text{"Lời nhắn quá dài. Hãy rút ngắn rồi gửi lại.", "The words to the asker are too long. Shorten them and send again."}
	case "question.unknown_topic":
		return text{"Không có chủ đề này. Hãy chọn một chủ đề trong danh sách.", "There is no such topic. Choose one from the list."}
	case "question.unknown_venue":
		return text{"Không có điểm cầu này trong hội nghị. Hãy chọn trong danh sách hoặc để trống.", "There is no such venue in this conference. Choose one from the list or leave it out."}
	case "question.unknown_channel":
		return text{"Kênh gửi câu hỏi không đúng. Hãy tải lại trang.", "The question's channel is not known. Reload the page."}
	case "question.unknown_reason":
		return text{"Không có lý do này. Hãy chọn một lý do trong danh mục.", "There is no such reason. Choose one from the catalogue."}
	case "question.bad_key":
		return text{"Thiếu khóa chống gửi trùng (16–128 ký tự ASCII). Hãy tải lại trang rồi gửi lại.", "The idempotencyKey is missing or malformed (16–128 printable ASCII characters). Reload the page and send again."}
	case "idempotency_mismatch":
		return text{"Khóa này đã được dùng cho một câu hỏi khác. Hãy tải lại trang rồi gửi lại.", "This key was used for another question. Reload the page and send again."}
	case "question.unknown_code":
		return text{"Không có câu hỏi nào với mã này. Hãy kiểm tra lại từng ký tự của mã.", "There is no question with this code. Check every character of the code."}
	case "question.unknown":
		return text{"Không có câu hỏi này. Hãy tải lại trang.", "There is no such question. Reload the page."}
	case "question.exists":
		return text{"Câu hỏi này đã được ghi nhận.", "This question has already been received."}
	case "question.claimed_by_other":
		return text{"Đồng nghiệp đang xử lý câu này. Hãy chọn câu khác.", "A colleague is working on this question. Take another."}
	case "question.not_pending":
		return text{"Câu này không còn chờ xử lý. Hãy chọn câu khác.", "This question no longer waits. Take another."}
	case "question.not_claimed":
		return text{"Hãy nhận câu hỏi trước khi quyết định.", "Claim the question before you decide."}
	case "question.not_approved":
		return text{"Chỉ câu đã duyệt mới được đưa vào danh sách. Hãy chờ duyệt.", "Only an approved question can be queued. Wait for the moderators."}
	case "question.not_queued":
		return text{"Câu này không còn trong danh sách. Hãy xem lại danh sách.", "This question is no longer in the running order. Look again."}
	case "question.before_not_queued":
		return text{"Danh sách vừa thay đổi. Hãy xem lại rồi xếp lại.", "The running order has just changed. Look again and move it again."}
	case "question.not_on_air":
		return text{"Câu này không ở trên màn hình.", "This question is not on air."}
	case "question.other_on_air":
		return text{"Đang có câu khác trên màn hình. Hãy kết thúc câu đó trước.", "Another question is on air. End that one first."}
	}
	return questionAlreadyText(code)
}

// questionAlreadyText has the sentences for who came too late.
func questionAlreadyText(code string) text {
	switch code {
	case "question.already_claimed":
		return text{"Câu này đã có người nhận. Hãy chọn câu khác.", "This question has been claimed. Take another."}
	case "question.already_approved":
		return text{"Câu này đã được duyệt.", "This question has already been approved."}
	case "question.already_refused":
		return text{"Câu này đã bị từ chối.", "This question has already been refused."}
	case "question.already_queued":
		return text{"Câu này đã ở trong danh sách.", "This question is already in the running order."}
	case "question.already_staged":
		return text{"Câu này đã là câu tiếp theo.", "This question is already the next one."}
	case "question.already_on_air":
		return text{"Câu này đang ở trên màn hình.", "This question is already on air."}
	case "question.already_answered":
		return text{"Câu này đã được trả lời.", "This question has already been answered."}
	case "question.already_withdrawn":
		return text{"Người hỏi đã rút câu này.", "The asker has withdrawn this question."}
	case "question.already_pending", "question.already_submitted":
		return text{"Câu này đang chờ xử lý.", "This question is waiting to be screened."}
	}
	return text{}
}
