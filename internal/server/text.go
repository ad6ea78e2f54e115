package server

import (
	"net/http"

	"github.com/diemcau/diemcau/internal/intake"
	"github.com/diemcau/diemcau/signaling"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// text is a sentence in both languages.
type text struct{ vi, en string }

func (t text) in(lang string) string {
	if lang == "en" {
		return t.en
	}
	return t.vi
}

// sentence returns what a reader is told about a code: what the socket says about it too
// is said in the same words; codes without a sentence of their own are told by status.
func sentence(lang, code string, status int) string {
	for _, find := range []func(string) (text, bool){requestText, accessText, mediaText} {
		if t, found := find(code); found {
			return t.in(lang)
		}
	}
	if said, found := intake.Sentence(code); found {
		return text{said.Vi, said.En}.in(lang)
	}
	if said, found := signaling.Sentence(code, protocol.Lang(lang)); found {
		return said
	}
	return statusText(status).in(lang)
}

func requestText(code string) (text, bool) {
	switch code {
	case "request.not_found":
		return text{"Không có địa chỉ này. Hãy kiểm tra lại đường dẫn.", "There is nothing at this address. Check the link."}, true
	case "request.bad_method":
		return text{"Địa chỉ này không nhận loại yêu cầu đó.", "This address does not take that kind of request."}, true
	case "request.too_large":
		return text{"Nội dung gửi lên quá lớn. Hãy rút ngắn rồi gửi lại.", "What was sent is too large. Shorten it and send it again."}, true
	case "request.not_json":
		return text{"Hãy gửi nội dung dạng JSON (Content-Type: application/json).", "Send JSON (Content-Type: application/json)."}, true
	case "request.bad_json":
		return text{"Nội dung gửi lên không phải JSON hợp lệ. Hãy kiểm tra rồi gửi lại.", "What was sent is not valid JSON. Check it and send it again."}, true
	case "request.bad_body":
		return text{"Không đọc được nội dung gửi lên. Hãy gửi lại.", "What was sent could not be read. Send it again."}, true
	case "request.not_sdp":
		return text{"Hãy gửi SDP (Content-Type: application/sdp; với PATCH: application/trickle-ice-sdpfrag).", "Send SDP (Content-Type: application/sdp, or application/trickle-ice-sdpfrag with PATCH)."}, true
	case "export.bad":
		return text{"Hãy chọn danh sách (invitations, attendance, registrations, totals), dạng tệp (xlsx, csv; invitations và attendance có thêm pdf) và một điểm cầu của hội nghị; mỗi mục của giấy mời dài nhất 200 ký tự.", "Choose a list (invitations, attendance, registrations, totals), a format (xlsx, csv; invitations and attendance pdf too) and a venue of the conference; each field of the letter has at most 200 characters."}, true
	case "export.too_many":
		return text{"Quá nhiều người cho một tệp PDF. Hãy tải từng điểm cầu.", "There are too many people for one PDF. Take it venue by venue."}, true
	case "export.nobody":
		return text{"Chưa ai có chỗ ở đây, nên chưa có giấy mời nào để in.", "Nobody has a seat here yet: there is no invitation to print."}, true
	case "record.busy":
		return text{"Đang có người khác tải bản ghi. Hãy thử lại sau ít giây.", "Others are copying the record. Try again in a few seconds."}, true
	case "edge.elsewhere":
		return text{"Máy chủ này chỉ phát chương trình. Hãy gửi yêu cầu đến máy chủ gốc.", "This server only shows the programme. Send the request to the origin."}, true
	case "edge.bad_report":
		return text{"Báo cáo của máy chủ biên không đúng. Hãy xem lại --public-url và --edge-viewers của máy đó.", "The edge's report is not valid. Check its --public-url and --edge-viewers."}, true
	case "edge.not_allowed":
		return text{"Máy chủ gốc không nhận máy chủ biên ở địa chỉ này. Hãy thêm địa chỉ vào --edges của máy chủ gốc.", "The origin takes no edge at this address. Add it to the origin's --edges."}, true
	case "edge.too_many":
		return text{"Đã có quá nhiều máy chủ biên. Hãy tắt bớt rồi thử lại.", "There are too many edges. Stop some and try again."}, true
	case "request.foreign_origin":
		return text{"Yêu cầu đến từ một trang khác nên bị từ chối. Hãy mở đúng trang của hội nghị rồi thử lại.", "The request came from another site and was refused. Open the conference's own page and try again."}, true
	}
	return text{}, false
}

func accessText(code string) (text, bool) {
	switch code {
	case "link.invalid":
		return text{"Đường dẫn này không đúng hoặc không thuộc hệ thống này. Hãy xin ban tổ chức một đường dẫn mới.", "This link is not valid here. Ask the organisers for a new one."}, true
	case "link.expired":
		return text{"Đường dẫn đã hết hạn. Hãy xin ban tổ chức một đường dẫn mới.", "This link has expired. Ask the organisers for a new one."}, true
	case "link.used":
		return text{"Đường dẫn này đã được dùng. Mỗi đường dẫn chỉ dùng một lần; hãy xin ban tổ chức một đường dẫn mới.", "This link has been used. A link works once; ask the organisers for a new one."}, true
	case "link.revoked":
		return text{"Đường dẫn này đã bị thu hồi. Hãy liên hệ ban tổ chức.", "This link was revoked. Contact the organisers."}, true
	case "link.bad_role":
		return text{"Không có vai trò này. Hãy chọn: venue, moderator, stage, screen, registrar, official hoặc admin.", "There is no such role. Choose venue, moderator, stage, screen, registrar, official or admin."}, true
	case "link.bad_venue":
		return text{"Hãy chọn một điểm cầu của hội nghị này cho vai trò điểm cầu, và không chọn cho vai trò khác.", "Name a venue of this conference for the venue role, and none for any other role."}, true
	case "link.bad_person":
		return text{"Tên người nhận quá dài hoặc có ký tự không hợp lệ (tối đa 80 ký tự).", "The person's name is too long or has characters that are not allowed (at most 80)."}, true
	case "link.bad_validity":
		return text{"Thời hạn đường dẫn phải từ 1 phút đến 90 ngày.", "A link is valid for 1 minute to 90 days."}, true
	case "device.revoked":
		return text{"Máy này không còn được dùng ở cửa. Hãy xin ban tổ chức chuẩn bị lại máy.", "This device may not be used at the door any more. Ask the organisers to set it up again."}, true
	case "session.too_many":
		return text{"Hiện có quá nhiều phiên đang mở. Hãy thử lại sau.", "Too many sessions are open now. Try again later."}, true
	}
	return text{}, false
}

func mediaText(code string) (text, bool) {
	switch code {
	case "media.bad_sdp":
		return text{"Bản mô tả SDP không hợp lệ. Hãy kiểm tra bộ mã hóa hoặc tải lại trang.", "The SDP is not valid. Check the encoder, or reload the page."}, true
	case "media.no_h264":
		return text{"Thiết bị không hỗ trợ H.264. Hãy bật H.264 trong bộ mã hóa hoặc dùng trình duyệt khác.", "H.264 is not offered. Switch it on in the encoder, or use another browser."}, true
	case "media.no_opus":
		return text{"Thiết bị không hỗ trợ Opus. Hãy chọn âm thanh Opus trong bộ mã hóa.", "Opus is not offered. Choose Opus for the sound in the encoder."}, true
	case "media.full":
		return text{"Máy chủ đã đủ người xem trực tiếp. Hãy thử lại sau.", "The server has as many live viewers as it can carry. Try again later."}, true
	case "media.already_publishing":
		return text{"Điểm cầu này đang phát từ một thiết bị khác. Hãy ngắt thiết bị đó trước.", "This venue is already sending from another device. Stop that one first."}, true
	case "media.unknown_venue":
		return text{"Không có điểm cầu này trong hội nghị.", "There is no such venue in this conference."}, true
	case "media.unknown_session":
		return text{"Phiên truyền này đã kết thúc. Hãy kết nối lại từ đầu.", "This media session has ended. Connect again from the start."}, true
	case "media.etag_missing":
		return text{"Hãy gửi If-Match với ETag đã nhận khi kết nối.", "Send If-Match with the ETag you were given."}, true
	case "live.none":
		return text{"Hội nghị này chưa phát trực tiếp hoặc không có bản ghi. Hãy xem giờ bắt đầu trên trang chủ.", "This conference is not on air yet, or there is no recording. See when it begins on the front page."}, true
	case "live.not_yet":
		return text{"Chương trình sắp bắt đầu phát. Hãy thử lại sau ít giây.", "The programme is about to begin. Try again in a few seconds."}, true
	case "live.too_far":
		return text{"Phần được hỏi còn lâu mới có. Hãy tải lại danh sách không kèm _HLS_msn.", "What is asked for is far from being there. Load the playlist without _HLS_msn."}, true
	case "live.bad_directive":
		return text{"_HLS_msn và _HLS_part phải là số, và _HLS_part chỉ đi cùng _HLS_msn.", "_HLS_msn and _HLS_part are numbers, and _HLS_part comes with _HLS_msn only."}, true
	case "live.waited":
		return text{"Phần tiếp theo chưa có. Hãy tải lại sau ít giây.", "What comes next is not there yet. Load it again in a few seconds."}, true
	case "live.not_over":
		return text{"Hội nghị chưa kết thúc nên chưa có tệp của cả buổi. Hãy tải lại sau khi bế mạc.", "The conference is not over, so there is no file of all of it yet. Come back after the close."}, true
	case "live.busy":
		return text{"Đang có nhiều người tải bản ghi. Hãy thử lại sau ít phút.", "Many are downloading recordings. Try again in some minutes."}, true
	case "media.etag_mismatch":
		return text{"Phiên ICE đã thay đổi. Hãy gửi If-Match với ETag mới nhất, hoặc kết nối lại.", "The ICE session has changed. Send If-Match with the latest ETag, or connect again."}, true
	}
	return text{}, false
}

func statusText(status int) text {
	switch status {
	case http.StatusUnauthorized:
		return text{"Hãy đăng nhập bằng đường dẫn ban tổ chức đã gửi.", "Sign in with the link the organisers sent you."}
	case http.StatusForbidden:
		return text{"Bạn không được làm việc này.", "You may not do this."}
	case http.StatusNotFound:
		return text{"Không tìm thấy.", "Not found."}
	case http.StatusConflict:
		return text{"Người khác vừa thay đổi. Hãy xem lại rồi thử lại.", "Somebody else was faster. Look again, then try again."}
	case http.StatusTooManyRequests:
		return text{"Quá nhiều yêu cầu. Hãy đợi một lát rồi thử lại.", "Too many requests. Wait a moment and try again."}
	case http.StatusServiceUnavailable:
		return text{"Hệ thống đang bận. Hãy thử lại sau ít giây.", "The server is busy. Try again in a few seconds."}
	}
	if status < http.StatusInternalServerError {
		return text{"Yêu cầu chưa đúng. Hãy kiểm tra rồi gửi lại.", "The request is not right. Check it and send it again."}
	}
	return text{"Có lỗi trong hệ thống. Hãy thử lại; nếu vẫn lỗi, hãy báo ban tổ chức.", "Something went wrong here. Try again; if it stays, tell the organisers."}
}
