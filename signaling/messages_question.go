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
	if t := screeningText(code); t != (text{}) {
		return t
	}
	if t := contactText(code); t != (text{}) {
		return t
	}
	return questionAlreadyText(code)
}

// contactText has the sentences about how to reach whoever asked.
func contactText(code string) text {
	switch code {
	case "question.bad_phone":
		return text{"Số điện thoại không đúng. Hãy ghi một số, ví dụ 0912345678, hoặc để trống.", "Not a telephone number. Write one number, such as 0912345678, or leave it out."}
	case "question.no_contact":
		return text{"Người hỏi không để lại số điện thoại, hoặc số ấy đã được xóa.", "The asker left no telephone number, or it has been erased."}
	case "question.already_called":
		return text{"Đã có người gọi cho người hỏi này. Hãy tải lại danh sách.", "Somebody has called this asker already. Reload the list."}
	case "question.contact_unasked":
		return text{"Khi tự gửi câu hỏi, bạn không cần để lại số điện thoại hay tên tổ chức.", "A question one sends oneself takes no telephone number and no organisation."}
	}
	return text{}
}

// screeningText has the sentences about the decisions of moderators and of the chair.
func screeningText(code string) text {
	switch code {
	case "question.not_decided":
		return text{"Câu này chưa có quyết định nào để hoàn lại.", "There is no decision on this question to take back."}
	case "question.not_returned":
		return text{"Câu này không chờ bạn viết lại.", "This question does not wait for you to write it again."}
	case "question.returned_before":
		return text{"Câu này đã được trả lại một lần. Hãy duyệt, từ chối hoặc chuyển trả lời bằng văn bản.", "This question has been returned once. Approve it, refuse it, or have it answered in writing."}
	case "question.second_person":
		return text{"Lý do này cần hai người. Hãy để một người duyệt khác xác nhận.", "This reason takes two. Let another moderator confirm it."}
	case "question.bad_target":
		return text{"Không gộp được vào câu đó vì câu đó đã kết thúc hoặc đã được gộp. Hãy chọn câu khác.", "It cannot be joined with that question, which is over or itself joined with another. Choose another."}
	case "question.merge_self":
		return text{"Không thể gộp một câu với chính nó. Hãy chọn câu khác.", "A question cannot be joined with itself. Choose another."}
	case "question.no_text":
		return text{"Hãy viết cho người hỏi biết điều gì chưa rõ.", "Tell the asker what is unclear."}
	case "question.no_agency":
		return text{"Hãy chọn cơ quan trả lời (tối đa 200 ký tự).", "Name the agency that answers (at most 200 characters)."}
	case "question.bad_due":
		return text{"Thời hạn không hợp lệ. Hãy chọn một ngày từ hôm nay trở đi.", "The date is not valid. Choose today or a later day."}
	case "question.no_conclusion":
		return text{"Hãy ghi kết luận: cơ quan và thời hạn, hoặc \"không cần trả lời thêm\".", "Note the conclusion: an agency and a date, or \"nothing more is needed\"."}
	case "question.is_private":
		return text{"Câu này là câu riêng, không nêu công khai. Hãy chuyển trả lời bằng văn bản.", "This question is private and cannot go on air. Have it answered in writing."}
	case "question.unknown_visibility":
		return text{"Chế độ hiển thị không đúng. Hãy tải lại trang.", "The visibility is not known. Reload the page."}
	case "question.name_too_long":
		return text{"Tên dài quá 80 ký tự. Hãy rút ngắn.", "The name is longer than 80 characters. Shorten it."}
	case "question.organisation_too_long":
		return text{"Tên cơ quan, tổ chức dài quá 200 ký tự. Hãy rút ngắn.", "The organisation is longer than 200 characters. Shorten it."}
	case "question.bad_voter":
		return text{"Thiếu mã thiết bị để bình chọn (16–128 ký tự ASCII). Hãy tải lại trang.", "The device's voter secret is missing or malformed (16–128 printable ASCII characters). Reload the page."}
	case "question.not_promised":
		return text{"Câu này không nằm trong danh sách trả lời bằng văn bản.", "This question is not to be answered in writing."}
	case "question.promise_kept":
		return text{"Câu này đã có văn bản trả lời nên không hoàn lại được.", "This question has been answered in writing; the decision stands."}
	case "question.reply_too_long":
		return text{"Văn bản trả lời dài quá 10.000 ký tự. Hãy rút ngắn và dẫn số văn bản.", "The answer is longer than 10,000 characters. Shorten it and name the document."}
	case "question.bad_document":
		return text{"Số hoặc địa chỉ văn bản không hợp lệ (tối đa 500 ký tự; địa chỉ bắt đầu bằng https://).", "The document's number or address is not valid (at most 500 characters; an address begins with https://)."}
	case "question.channel_frozen":
		return text{"Kênh này đang tạm ngưng nhận câu hỏi. Câu hỏi vẫn còn trên máy của bạn; hãy gửi lại sau ít phút, hoặc nhờ cán bộ tại điểm cầu.", "This channel takes no questions for the moment. Yours is still on your device; send it again in some minutes, or ask the staff of a venue."}
	case "question.votes_closed":
		return text{"Câu này không còn nhận ủng hộ.", "This question takes no more votes."}
	}
	return text{}
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
	case "question.already_part_answered":
		return text{"Câu này đã được trả lời một phần.", "This question has been answered in part."}
	case "question.already_recalled":
		return text{"Câu này đã được đưa khỏi màn hình.", "This question has been taken off air."}
	case "question.already_returned":
		return text{"Câu này đã được trả lại cho người hỏi.", "This question has been returned to its asker."}
	case "question.already_redirected":
		return text{"Câu này đã được chuyển nơi giải quyết.", "This question has been sent to its own procedure."}
	case "question.already_written":
		return text{"Câu này đã được chuyển trả lời bằng văn bản.", "This question is being answered in writing."}
	case "question.already_merged":
		return text{"Câu này đã được gộp với câu khác.", "This question has been joined with another."}
	case "question.already_carried_over":
		return text{"Câu này đã được chuyển sang sau hội nghị.", "This question has been carried over the close."}
	case "question.already_held":
		return text{"Câu này đang chờ xem kỹ hơn.", "This question waits for a closer look."}
	case "question.already_withdrawn":
		return text{"Người hỏi đã rút câu này.", "The asker has withdrawn this question."}
	case "question.already_pending", "question.already_submitted":
		return text{"Câu này đang chờ xử lý.", "This question is waiting to be screened."}
	}
	return text{}
}
