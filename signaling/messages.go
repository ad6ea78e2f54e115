package signaling

import (
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/line"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// text is one sentence in both languages; it says what to do.
type text struct{ vi, en string }

func (t text) in(lang protocol.Lang) string {
	if lang == protocol.LangEn {
		return t.en
	}
	return t.vi
}

// sentence returns what a person is told about a refusal.
func sentence(refusal *conference.Error, lang protocol.Lang) string {
	if t, ok := codeText(refusal.Code); ok {
		return t.in(lang)
	}
	return kindText(refusal.Kind).in(lang)
}

func codeText(code string) (text, bool) {
	for _, find := range []func(string) text{socketText, questionText, conferenceText, floorText, mediaText, lineText, slipText, ticketText, deviceText} {
		if t := find(code); t != (text{}) {
			return t, true
		}
	}
	return text{}, false
}

func socketText(code string) text {
	switch code {
	case "access.denied":
		return text{"Vai trò của bạn không được làm việc này.", "Your role may not do this."}
	case "command.unknown":
		return text{"Máy chủ không biết lệnh này. Hãy tải lại trang.", "The server does not know this command. Reload the page."}
	case "command.bad_id":
		return text{"Mã lệnh không hợp lệ (22–64 ký tự A–Z a–z 0–9 - _). Hãy tải lại trang.", "The command's id is malformed (22–64 of A–Z a–z 0–9 - _). Reload the page."}
	case "command.bad_body":
		return text{"Nội dung lệnh không đúng. Hãy tải lại trang rồi thử lại.", "The command's data are malformed. Reload the page and try again."}
	case "command.too_large":
		return text{"Nội dung quá dài. Hãy rút ngắn rồi gửi lại.", "This is too long. Shorten it and send it again."}
	case "follow.too_many":
		return text{"Đang theo dõi quá nhiều câu hỏi (tối đa 50). Hãy bỏ bớt.", "Too many questions are followed (at most 50). Let some go."}
	case "rate.limited":
		return text{"Quá nhiều yêu cầu. Hãy đợi một lát rồi thử lại.", "Too many requests. Wait a moment and try again."}
	case limits.CodeProof:
		return text{"Lúc này có rất nhiều câu hỏi cùng gửi đến, nên máy cần tự giải một phép tính trước khi gửi. Nếu không gửi được, hãy nhờ cán bộ tại hội trường hoặc gọi điện để được ghi câu hỏi giúp.", "Very many questions are arriving, so your device has to solve a small sum before it sends. If that does not work, ask the staff in the hall, or phone, and they will put your question in."}
	case limits.CodeSockets:
		return text{"Có quá nhiều kết nối từ cùng một mạng. Trang sẽ tự kết nối lại sau ít giây.", "Too many connections come from one network. The page will connect again in some seconds."}
	case "session.unknown":
		return text{"Bạn chưa đăng nhập hoặc phiên đã hết. Hãy mở đường dẫn ban tổ chức đã gửi.", "You are not signed in, or the session has ended. Open the link the organisers sent you."}
	case "socket.foreign_origin":
		return text{"Yêu cầu đến từ một trang khác nên bị từ chối. Hãy mở đúng trang của hội nghị.", "The request came from another site and was refused. Open the conference's own page."}
	case "socket.bad_handshake":
		return text{"Đây là địa chỉ WebSocket. Hãy kết nối bằng WebSocket với giao thức con diemcau.v1.", "This is a WebSocket address. Connect by WebSocket with the subprotocol diemcau.v1."}
	case "socket.full":
		return text{"Máy chủ đang quá đông. Trang sẽ tự kết nối lại sau ít giây.", "The server is full. The page will connect again in some seconds."}
	case "server.draining":
		return text{"Máy chủ đang khởi động lại. Hãy thử lại sau ít giây.", "The server is restarting. Try again in a few seconds."}
	case "server.not_ready":
		return text{"Máy chủ đang mở lại các hội nghị. Hãy thử lại sau ít giây.", "The server is opening the conferences. Try again in a few seconds."}
	case "log.unavailable":
		return text{"Hệ thống chưa ghi được. Chưa có gì được lưu; hãy thử lại sau ít giây.", "The record cannot be written now. Nothing was stored; try again in a few seconds."}
	case "log.pending":
		return text{"Chưa rõ đã lưu được hay chưa. Hãy gửi lại đúng lệnh này; nó sẽ không bị tính hai lần.", "It is not yet known whether this was stored. Send exactly the same again; it will not count twice."}
	case codeInternal:
		return text{"Có lỗi trong hệ thống. Hãy thử lại; nếu vẫn lỗi, hãy báo ban tổ chức.", "Something went wrong here. Try again; if it stays, tell the organisers."}
	}
	return text{}
}

func floorText(code string) text {
	switch code {
	case "venue.unknown":
		return text{"Không có điểm cầu này trong hội nghị. Hãy chọn trong danh sách.", "There is no such venue in this conference. Choose one from the list."}
	case "venue.is_main":
		return text{"Điểm cầu chính luôn có lời; hãy chọn một điểm cầu khác.", "City Hall always may speak; choose another venue."}
	case "venue.not_connected":
		return text{"Điểm cầu chưa kết nối hình và tiếng. Hãy kết nối rồi thử lại.", "The venue's picture and sound are not connected. Connect them and try again."}
	case "venue.not_ready":
		return text{"Điểm cầu chưa bấm Sẵn sàng. Hãy nhờ điểm cầu bấm Sẵn sàng trước.", "The venue is not ready. Ask its operator to press Ready first."}
	case "floor.already_held":
		return text{"Điểm cầu này đang có lời rồi.", "This venue already has the floor."}
	case "floor.not_held":
		return text{"Điểm cầu này hiện không có lời. Hãy xem lại ai đang nói.", "This venue does not have the floor now. Look who is speaking."}
	case "floor.changed":
		return text{"Người khác vừa trao lời. Hãy xem lại rồi thử lại.", "Somebody else has just changed the floor. Look again and try again."}
	case "floor.bad_limit":
		return text{"Thời gian phát biểu không hợp lệ. Hãy chọn lại.", "The speaking time is not valid. Choose another."}
	case "hand.note_too_long":
		return text{"Ghi chú dài quá 120 ký tự. Hãy rút ngắn.", "The note is longer than 120 characters. Shorten it."}
	}
	return text{}
}

func mediaText(code string) text {
	switch code {
	case "media.unavailable":
		return text{"Máy chủ này chưa nhận hình và tiếng. Hãy thử lại sau.", "This server takes no picture and sound now. Try again later."}
	case "media.bad_sdp":
		return text{"Bản mô tả SDP không hợp lệ. Hãy tải lại trang.", "The SDP is not valid. Reload the page."}
	case "media.no_h264":
		return text{"Trình duyệt không hỗ trợ H.264. Hãy dùng Chrome hoặc Edge.", "The browser offers no H.264. Use Chrome or Edge."}
	case "media.no_opus":
		return text{"Trình duyệt không hỗ trợ Opus. Hãy dùng Chrome hoặc Edge.", "The browser offers no Opus. Use Chrome or Edge."}
	case "media.b_frames":
		return text{"Hình có khung B. Hãy tắt B-frames (bframes=0) trong bộ mã hóa.", "The picture has B-frames. Switch them off in the encoder (bframes=0)."}
	case "media.full":
		return text{"Máy chủ đã đủ kết nối hình và tiếng. Hãy thử lại sau.", "The server carries as many media connections as it can. Try again later."}
	case "media.already_publishing":
		return text{"Điểm cầu này đang phát từ một thiết bị khác. Hãy ngắt thiết bị đó trước.", "This venue is already sending from another device. Stop that one first."}
	case "media.replaced":
		return text{"Điểm cầu này vừa được kết nối từ một trang khác. Hãy bấm nút để chuyển về trang này.", "Another page of this venue has taken its place. Press the button to bring it back here."}
	case "media.unknown_session":
		return text{"Kết nối hình và tiếng đã kết thúc. Hãy kết nối lại.", "The media connection has ended. Connect again."}
	case "media.no_microphone":
		return text{"Trang này chưa gửi micrô. Hãy cho phép dùng micrô rồi thử lại.", "This page sends no microphone. Allow it and try again."}
	case "media.no_talkback":
		return text{"Điểm cầu chưa nối hình và tiếng bằng trang của mình nên không nghe được đạo diễn.", "The venue has not connected by its page, so it cannot hear the stage."}
	case "media.talk_taken":
		return text{"Một đạo diễn khác đang nói với điểm cầu này.", "Another stage manager is talking to this venue."}
	case "media.etag_mismatch":
		return text{"Phiên ICE đã thay đổi. Hãy kết nối lại.", "The ICE session has changed. Connect again."}
	}
	return text{}
}

func lineText(code string) text {
	switch code {
	case line.CodeBadReport:
		return text{"Số đo đường truyền không hợp lệ. Hãy tải lại trang.", "The line's figures are not valid. Reload the page."}
	case line.CodeTooOften:
		return text{"Gửi quá dày. Trang sẽ tự gửi lại sau ít giây.", "This is sent too often. The page will send it again in some seconds."}
	case line.CodeUnknown:
		return text{"Chưa có số đo nào của điểm cầu này. Hãy đợi điểm cầu nối hình và tiếng.", "Nothing has been measured of this venue yet. Wait until its picture and sound are connected."}
	case line.CodeBadStill:
		return text{"Ảnh phải là JPEG, nhiều nhất 20 KB và 640 × 480. Hãy tải lại trang.", "The picture must be a JPEG of at most 20 KB and 640 × 480. Reload the page."}
	case line.CodeNoStill:
		return text{"Chưa có ảnh của điểm cầu này. Hãy đợi ít giây.", "There is no picture of this venue yet. Wait some seconds."}
	}
	return text{}
}

// kindText is for codes without a sentence of their own.
func kindText(kind conference.Kind) text {
	switch kind {
	case conference.KindInvalid:
		return text{"Yêu cầu chưa đúng. Hãy kiểm tra rồi gửi lại.", "The request is not right. Check it and send it again."}
	case conference.KindUnauthorised:
		return text{"Hãy đăng nhập bằng đường dẫn ban tổ chức đã gửi.", "Sign in with the link the organisers sent you."}
	case conference.KindForbidden:
		return text{"Bạn không được làm việc này.", "You may not do this."}
	case conference.KindNotFound:
		return text{"Không tìm thấy. Hãy xem lại.", "Not found. Look again."}
	case conference.KindConflict:
		return text{"Người khác vừa thay đổi. Hãy xem lại rồi thử lại.", "Somebody else was faster. Look again, then try again."}
	case conference.KindTooLarge:
		return text{"Nội dung quá dài. Hãy rút ngắn rồi gửi lại.", "This is too long. Shorten it and send it again."}
	case conference.KindRateLimited:
		return text{"Quá nhiều yêu cầu. Hãy đợi một lát rồi thử lại.", "Too many requests. Wait a moment and try again."}
	case conference.KindUnavailable, conference.KindPending:
		return text{"Hệ thống đang bận. Hãy gửi lại sau ít giây.", "The server is busy. Send it again in a few seconds."}
	case conference.KindInternal:
	}
	return text{"Có lỗi trong hệ thống. Hãy thử lại; nếu vẫn lỗi, hãy báo ban tổ chức.", "Something went wrong here. Try again; if it stays, tell the organisers."}
}
