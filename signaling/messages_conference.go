package signaling

func conferenceText(code string) text {
	switch code {
	case "conference.unknown":
		return text{"Không có hội nghị này. Hãy kiểm tra lại đường dẫn.", "There is no such conference. Check the link."}
	case "conference.closed":
		return text{"Hội nghị đã kết thúc nên không còn thời lượng. Hãy chuyển trả lời bằng văn bản.", "The conference is over and has no airtime left. Have the question answered in writing."}
	case "conference.not_closed":
		return text{"Hội nghị chưa kết thúc.", "The conference is not over."}
	case "conference.not_open":
		return text{"Hội nghị chưa mở hoặc đã đóng. Hãy đợi đến giờ mở.", "The conference is not open. Wait until it opens."}
	case "conference.already_open":
		return text{"Hội nghị đã mở rồi.", "The conference is already open."}
	case "conference.already_planned":
		return text{"Hội nghị chưa mở.", "The conference has not been opened yet."}
	case "conference.already_closed":
		return text{"Hội nghị đã đóng; không thể mở lại. Hãy tạo hội nghị mới.", "The conference is closed and cannot be reopened. Create a new one."}
	case "conference.exists":
		return text{"Đã có hội nghị khác với mã này. Hãy chọn mã khác.", "There is another conference with this id. Choose another id."}
	case "conference.bad_info":
		return text{"Thông tin hội nghị chưa đúng. Hãy sửa rồi gửi lại.", "The conference's particulars are not right. Mend them and send again."}
	}
	return setupText(code)
}

// setupText tells what stands in the way of a change of what the conference is.
func setupText(code string) text {
	switch code {
	case "conference.changed":
		return text{"Người khác vừa lưu thay đổi khác. Hãy xem bản mới nhất rồi sửa lại trên bản đó.", "Somebody else has just saved another change. Look at the latest, and make your change in that."}
	case "conference.not_test":
		return text{"Hội nghị không ở chế độ thử nghiệm.", "The conference is not in test mode."}
	case "conference.main_fixed":
		return text{"Không đổi được điểm cầu chính sau khi tạo hội nghị. Có thể đổi tên; nếu cần điểm cầu khác, hãy tạo hội nghị mới.", "The main venue cannot be exchanged once the conference is made. Rename it, or create another conference."}
	case "conference.notice_version":
		return text{"Thông báo về dữ liệu cá nhân đã thay đổi. Hãy đặt phiên bản mới: người đã đăng ký chỉ đồng ý với bản cũ.", "The privacy notice has changed. Give it another version: those who registered have agreed to the old one."}
	case "registration.seats_taken":
		return text{"Số ghế mới ít hơn số đã có người giữ. Hãy tăng số ghế, hoặc chuyển người đăng ký sang điểm cầu khác trước.", "There would be fewer seats than are taken. Leave more seats, or move people to another venue first."}
	case "conference.venue_in_use":
		return text{"Không xóa được điểm cầu này: đang kết nối, hoặc đã có câu hỏi hay người đăng ký tại đó.", "This venue cannot be removed: it is connected, or there are questions or registrations of it."}
	case "conference.topic_in_use":
		return text{"Không xóa được lĩnh vực này: đã có câu hỏi thuộc lĩnh vực đó.", "This topic cannot be removed: there are questions on it."}
	case "conference.open_venue_removed":
		return text{"Hội nghị đang mở: không xóa được điểm cầu. Có thể thêm điểm cầu và tăng số ghế.", "The conference is open: no venue can be removed. Venues and seats can be added."}
	case "conference.open_topic_removed":
		return text{"Hội nghị đang mở: không xóa được lĩnh vực. Có thể thêm hoặc sửa tên.", "The conference is open: no topic can be removed. Topics can be added and renamed."}
	case "conference.open_fewer_seats":
		return text{"Hội nghị đang mở: không giảm được số ghế. Có thể tăng.", "The conference is open: seats cannot become fewer. They can become more."}
	case "conference.open_start_changed":
		return text{"Hội nghị đang mở: không đổi được giờ bắt đầu.", "The conference is open: its start cannot be moved."}
	case "conference.open_unpublished":
		return text{"Hội nghị đang mở công khai: không ẩn đi được nữa.", "The conference is open to the public: it cannot be hidden any more."}
	}
	return text{}
}
