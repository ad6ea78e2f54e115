package signaling

// slipText has the sentences about what somebody who registers fills in.
func slipText(code string) text {
	switch code {
	case "registration.bad_key":
		return text{"Thiếu khóa của lần gửi. Hãy tải lại trang rồi gửi lại.", "The key of the submission is missing. Load the page again."}
	case "registration.no_name":
		return text{"Hãy nhập họ và tên.", "Enter a name."}
	case "registration.name_too_long":
		return text{"Họ tên dài quá 80 ký tự. Hãy rút ngắn.", "The name has more than 80 characters. Shorten it."}
	case "registration.commune_too_long":
		return text{"Tên xã, phường dài quá 120 ký tự.", "The commune has more than 120 characters."}
	case "registration.bad_phone":
		return text{"Số điện thoại không đúng. Hãy nhập số Việt Nam gồm 10 hoặc 11 chữ số, hoặc số nước ngoài bắt đầu bằng dấu +.", "That is no telephone number. Enter a Vietnamese one of 10 or 11 digits, or another one that begins with +."}
	case "registration.no_phone":
		return text{"Hãy nhập số điện thoại.", "Enter a telephone number."}
	case "registration.bad_email":
		return text{"Địa chỉ thư điện tử không đúng. Hãy kiểm tra, hoặc để trống.", "That is no e-mail address. Check it, or leave it out."}
	case "registration.bad_id_number":
		return text{"Số căn cước không đúng, hoặc hội nghị này không hỏi. Hãy để trống.", "The identity number is not right, or not asked for. Leave it out."}
	case "registration.no_venue":
		return text{"Hãy chọn một điểm cầu, hoặc theo dõi trực tuyến.", "Choose a venue, or online."}
	case "registration.unknown_venue":
		return text{"Không có điểm cầu này. Hãy chọn lại.", "There is no such venue. Choose again."}
	case "registration.unknown_topic":
		return text{"Không có lĩnh vực này. Hãy chọn lại.", "There is no such topic. Choose again."}
	case "registration.no_seats":
		return text{"Điểm cầu này không nhận đăng ký. Hãy chọn điểm cầu khác.", "This venue is not registered for. Choose another one."}
	case "registration.no_consent":
		return text{"Hãy đọc và đánh dấu đồng ý về thông tin cá nhân.", "Read the notice on your data and tick the box."}
	case "registration.bad_consent":
		return text{"Không rõ bạn đồng ý điều gì. Hãy tải lại trang.", "It is not clear what you agree to. Load the page again."}
	case "registration.consent_outdated":
		return text{"Nội dung về thông tin cá nhân đã thay đổi. Hãy tải lại trang, đọc lại rồi gửi.", "The notice on your data has changed. Load the page again, read it and send."}
	case "registration.not_yet":
		return text{"Chưa đến thời gian đăng ký.", "Registration has not opened yet."}
	case "registration.closed":
		return text{"Không nhận đăng ký nữa. Bạn có thể theo dõi trực tuyến.", "Registration is closed. You can watch online."}
	case "registration.phone_taken":
		return text{"Số điện thoại này đã đăng ký. Hãy dùng mã vé đã nhận, hoặc liên hệ bàn đón tiếp.", "This number is registered already. Use your ticket's code, or ask the desk."}
	case "registration.venue_full":
		return text{"Điểm cầu này đã hết chỗ. Hãy chọn điểm cầu khác hoặc vào danh sách chờ.", "This venue is full. Choose another one, or wait there."}
	case "registration.unknown_code":
		return text{"Không tìm thấy vé với mã và số điện thoại này. Hãy kiểm tra lại.", "There is no ticket with this code and number. Check them."}
	case "registration.unknown":
		return text{"Không có đăng ký này.", "There is no such registration."}
	case "registration.not_offered":
		return text{"Hiện không có chỗ nào dành cho vé này.", "No seat is kept for this ticket now."}
	}
	return text{}
}

// ticketText has the sentences about tickets and the desk.
func ticketText(code string) text {
	switch code {
	case "registration.offer_lapsed":
		return text{"Đã quá hạn nhận chỗ.", "The time to accept the seat is over."}
	case "registration.not_waiting":
		return text{"Vé này không ở danh sách chờ.", "This ticket is not waiting."}
	case "registration.waiting":
		return text{"Vé này còn ở danh sách chờ.", "This ticket is still waiting."}
	case "registration.same_venue":
		return text{"Vé này đã ở điểm cầu đó.", "This ticket is for that venue already."}
	case "registration.other_venue":
		return text{"Vé này thuộc điểm cầu khác.", "This ticket is for another venue."}
	case "registration.already_cancelled":
		return text{"Đăng ký này đã hủy.", "This registration was cancelled."}
	case "registration.already_lapsed":
		return text{"Đăng ký này đã quá hạn nhận chỗ. Hãy đăng ký lại.", "The offer of this registration has ended. Register again."}
	case "registration.already_checked_in":
		return text{"Vé này đã vào hội nghị.", "This ticket has checked in already."}
	case "registration.already_erased":
		return text{"Thông tin của đăng ký này đã được xóa.", "The data of this registration were erased."}
	case "registration.not_checked_in":
		return text{"Vé này chưa vào hội nghị.", "This ticket has not checked in."}
	case "registration.staff_only":
		return text{"Chỉ bàn đón tiếp làm được việc này.", "Only the desk can do this."}
	case "registration.seats_taken":
		return text{"Số chỗ ít hơn số người đã có chỗ. Hãy nhập số lớn hơn.", "There are more people with seats than that. Enter a larger number."}
	case "registration.bad_seats":
		return text{"Số chỗ không đúng.", "The numbers of seats are not right."}
	case "registration.bad_scan":
		return text{"Lượt quét thiếu mã thiết bị hoặc mã lượt.", "A scan lacks its device or number."}
	case "registration.too_many_scans":
		return text{"Vé này đã được quét quá nhiều lần.", "This ticket was scanned too often."}
	}
	return text{}
}

// deviceText has the sentences about devices at doors and one-time codes.
func deviceText(code string) text {
	switch code {
	case "device.revoked":
		return text{"Thiết bị này không còn được dùng. Hãy đăng nhập lại ở bàn đón tiếp.", "This device is no longer allowed. Sign in again at the desk."}
	case "verification.needed":
		return text{"Hãy nhập mã đã gửi đến số điện thoại.", "Enter the code that was sent to the telephone."}
	case "verification.wrong":
		return text{"Mã xác nhận không đúng hoặc đã hết hạn. Hãy kiểm tra, hoặc lấy mã mới.", "The code is wrong or too old. Check it, or have a new one sent."}
	case "verification.too_many":
		return text{"Đã gửi hoặc nhập mã quá nhiều lần. Hãy thử lại sau 15 phút.", "Too many codes were sent or tried. Try again in 15 minutes."}
	case "verification.exhausted":
		return text{"Hiện đã gửi quá nhiều mã xác nhận cho mọi người. Hãy thử lại sau một giờ, hoặc đăng ký tại bàn đón tiếp.", "Too many codes were sent to everybody. Try again in an hour, or register at the desk."}
	case "verification.country":
		return text{"Không gửi mã xác nhận đến số của nước này. Hãy dùng số Việt Nam (+84), hoặc đăng ký tại bàn đón tiếp.", "No codes are sent to numbers of this country. Use a Vietnamese one (+84), or register at the desk."}
	case "verification.unsent":
		return text{"Không gửi được mã xác nhận. Hãy thử lại, hoặc liên hệ bàn đón tiếp.", "The code could not be sent. Try again, or ask the desk."}
	case "verification.off":
		return text{"Hội nghị này không cần mã xác nhận.", "This conference needs no code."}
	case "mail.off":
		return text{"Máy chủ này chưa được nối với máy chủ thư. Hãy liên hệ người quản trị máy chủ.", "This server is not connected to a mail server. Ask who runs it."}
	case "mail.no_address":
		return text{"Người này không ghi địa chỉ thư. Hãy bổ sung địa chỉ trước.", "This person gave no e-mail address. Add one first."}
	case "mail.none_failed":
		return text{"Không có thư nào bị hỏng để gửi lại.", "No letter has failed, so there is none to send again."}
	}
	return text{}
}
